variable "region" {
  description = "The region this call describes: home or standby."
  type        = string
}

variable "names" {
  description = "What the names module says of both regions."
  type        = any
}

variable "protected" {
  description = <<-EOT
    The application as it is in this region. services: each with the numbers of tasks between which it is scaled, and at which it rests
    in a passive region. data: where a service's data is if not in its folder (service => region => place). hosts: where tokens of
    services may be sent (region => hosts). secrets: ARNs of what task definitions name. mount: the file system with the services'
    folders, and where the backup function runs for it (see the function module); null where there is none. roles: ARNs of the
    roles that task definitions name. gates: the rules of each service's gate (see the alb module).
  EOT
  type = object({
    services = list(object({
      name                  = string
      minimum               = number
      maximum               = number
      warm                  = number
      writes                = string
      longest_write_seconds = number
      data                  = string
      health                = optional(string)
    }))
    data = map(map(object({
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
    hosts   = map(list(string))
    secrets = list(string)
    mount = object({
      file_system     = string
      access_point    = string
      subnets         = list(string)
      security_groups = list(string)
    })
    roles = list(string)
    gates = map(list(object({ rule = string, open = number, closed = number })))
  })
}

variable "traffic" {
  description = "How users are moved. zone: name of the hosted zone that the domain is in, null where it is a zone of its own. health_checker_ranges: who may read the markers, empty for the ranges that AWS publishes."
  type        = object({ zone = string, health_checker_ranges = list(string) })
}

variable "backup" {
  description = "When backups are taken and applied in the passive region, and which are kept, where and how. scratch_megabytes: disk of the function."
  type = object({
    schedule          = string
    refresh_schedule  = string
    retention_days    = number
    keep              = object({ daily = number, weekly = number, monthly = number })
    cross_region      = bool
    object_lock       = bool
    scratch_megabytes = number
  })
}

variable "images" {
  description = "Which images are copied beside those of the services, for which platforms (all where empty), and whether a repository is made for them."
  type = object({
    patterns                    = list(object({ repository = string, tags = list(string) }))
    platforms                   = list(string)
    create_missing_repositories = bool
  })
}

variable "failover" {
  description = "What may start by itself, when not, and where people are asked. approval: never, planned or always."
  type = object({
    automatic           = bool
    automatic_failback  = bool
    down_quorum         = number
    maintenance_windows = list(string)
    cool_down_seconds   = number
    daily_starts        = number
    approval            = string
    approval_seconds    = number
    commit_seconds      = number
  })
}

variable "exercises" {
  description = "When drills begin and when none may, and when people are reminded of the larger ones: EventBridge schedule expressions, null for never."
  type = object({
    drill_schedule        = string
    drill_blocked_windows = list(string)
    failover_reminder     = string
    exercise_reminder     = string
  })
}

variable "objectives" {
  description = "How old the newest backup may be, how long a failover may take, and after how many days a proof and a drill are too old."
  type        = object({ rpo_seconds = number, rto_seconds = number, proof_days = number, drill_days = number })
}

variable "functions" {
  description = "What the four functions have in common. directory: an absolute path, where their zips are."
  type        = object({ directory = string, architecture = string, log_level = string, log_retention_days = number })

  validation {
    condition     = can(regex("^(/|[A-Za-z]:)", var.functions.directory))
    error_message = "functions_directory must be given, as an absolute path: the folder with the functions' zips."
  }
}

variable "enable_dr" {
  description = "Whether the standby is kept ready."
  type        = bool
}

variable "local_cloud" {
  description = "The emulated AWS; null means AWS itself."
  type = object({
    name_servers          = list(string)
    data_directory        = map(string)
    look_interval_seconds = number
  })
}
