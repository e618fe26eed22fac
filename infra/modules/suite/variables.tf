# Described in the roots' shared variables; only what differs is described here.

variable "region" {
  description = "The region this call describes: home_region or standby_region."
  type        = string
}

variable "names" {
  description = "What the names module says of both regions."
  type        = any
}

variable "account" {
  description = "Account number."
  type        = string
}

variable "services" {
  description = "The protected services, each with the numbers of tasks between which it is scaled, and at which it rests in a passive region."
  type        = list(object({ name = string, minimum = number, maximum = number, warm = number, writes = string, longest_write_seconds = number, data = string, health = optional(string) }))
}

variable "mount" {
  description = "The file system with the services' folders, and where the backup function runs for it (see the function module); null where there is none."
  type        = any
}

variable "roles" {
  description = "ARNs of the roles that this region's task definitions name."
  type        = list(string)
}

variable "gates" {
  description = "The rules of each service's gate, in the words of configuration.json."
  type        = any
}

variable "zone" {
  description = "Name of the hosted zone that the domain is in; null where it is a zone of its own."
  type        = string
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
variable "create_missing_repositories" { type = bool }
variable "daily_starts" { type = number }
variable "domain" { type = string }
variable "down_quorum" { type = number }
variable "drill_blocked_windows" { type = list(string) }
variable "enable_cross_region_backup" { type = bool }
variable "enable_dr" { type = bool }
variable "enable_object_lock" { type = bool }
variable "functions_architecture" { type = string }
variable "health_checker_ranges" { type = list(string) }
variable "home_region" { type = string }
variable "image_patterns" { type = list(object({ repository = string, tags = list(string) })) }
variable "image_platforms" { type = list(string) }
variable "log_level" { type = string }
variable "log_retention_days" { type = number }
variable "maintenance_windows" { type = list(string) }
variable "drill_days" { type = number }
variable "drill_schedule" { type = string }
variable "exercise_reminder" { type = string }
variable "failover_reminder" { type = string }
variable "proof_days" { type = number }
variable "refresh_schedule" { type = string }
variable "rpo_seconds" { type = number }
variable "rto_seconds" { type = number }
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
