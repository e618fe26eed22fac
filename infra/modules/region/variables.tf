# Described in the roots' shared variables; only what differs is described here.

variable "region" {
  description = "The region this call describes: home_region or standby_region."
  type        = string
}

variable "vpc_cidr" {
  description = "Address range of this region's network."
  type        = string
}

variable "availability_zones" {
  description = "Zones of this region's network."
  type        = list(string)
}

variable "certificate_arn" {
  description = "Certificate of this region's load balancer; null means plain HTTP."
  type        = string
}

variable "efs_file_system_id" {
  description = "File system of this region that is there already; null makes one, in the local cloud none."
  type        = string
}

variable "https" {
  description = "Whether the load balancers of both regions speak TLS."
  type        = bool
}

variable "functions_directory" {
  description = "Folder with the functions' zips."
  type        = string

  validation {
    condition     = can(regex("^(/|[A-Za-z]:)", var.functions_directory))
    error_message = "functions_directory must be given, as an absolute path: the folder with the functions' zips."
  }
}

variable "application" { type = string }
variable "architecture" { type = string }
variable "automatic" { type = bool }
variable "automatic_failback" { type = bool }
variable "approval" { type = string }
variable "approval_seconds" { type = number }
variable "commit_seconds" { type = number }
variable "backup_keep" { type = object({ daily = number, weekly = number, monthly = number }) }
variable "backup_retention_days" { type = number }
variable "backup_schedule" { type = string }
variable "backup_scratch_megabytes" { type = number }
variable "cool_down_seconds" { type = number }
variable "cpu_target" { type = number }
variable "create_missing_repositories" { type = bool }
variable "daily_starts" { type = number }
variable "domain" { type = string }
variable "down_quorum" { type = number }
variable "dr_warm_tasks" { type = number }
variable "drill_blocked_windows" { type = list(string) }
variable "enable_cross_region_backup" { type = bool }
variable "enable_dr" { type = bool }
variable "enable_object_lock" { type = bool }
variable "functions_architecture" { type = string }
variable "health_checker_ranges" { type = list(string) }
variable "home_region" { type = string }
variable "image_patterns" { type = list(object({ repository = string, tags = list(string) })) }
variable "image_platforms" { type = list(string) }
variable "image_tag" { type = string }
variable "kms_earlier_key_arns" { type = map(list(string)) }
variable "kms_key_arn" { type = map(string) }
variable "log_level" { type = string }
variable "log_retention_days" { type = number }
variable "maintenance_windows" { type = list(string) }
variable "max_capacity" { type = number }
variable "memory_target" { type = number }
variable "min_capacity" { type = number }
variable "drill_days" { type = number }
variable "drill_schedule" { type = string }
variable "exercise_reminder" { type = string }
variable "failover_reminder" { type = string }
variable "proof_days" { type = number }
variable "refresh_schedule" { type = string }
variable "rpo_seconds" { type = number }
variable "rto_seconds" { type = number }
variable "services" {
  type = list(object({ name = string, minimum = optional(number), maximum = optional(number), writes = string, longest_write_seconds = number, data = string, health = optional(string) }))
}
variable "service_data" {
  type = map(map(object({
    bucket = optional(object({ bucket = string, prefix = string }))
    http = optional(object({
      address         = string
      secret          = string
      file            = string
      longest_bytes   = number
      longest_seconds = number
    }))
    hook = optional(object({ address = string, secret = string, longest_seconds = number }))
  })))
}
variable "service_hosts" { type = map(list(string)) }
variable "standby_region" { type = string }
variable "task_secrets" { type = list(string) }

variable "local_cloud" {
  description = "The emulated AWS; null means AWS itself."
  type = object({
    endpoint              = string
    registries            = map(string)
    name_servers          = list(string)
    data_directory        = map(string)
    look_interval_seconds = number
  })
}
