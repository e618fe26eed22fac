variable "control" {
  description = "Name of the control bucket."
  type        = string
}

variable "backups" {
  description = "Name of the backups bucket."
  type        = string
}

variable "markers" {
  description = "Name of the markers bucket."
  type        = string
}

variable "retention_days" {
  description = "Days after which a backup expires."
  type        = number
}

variable "locked" {
  description = "Whether what is written to the backups bucket is locked for as many days."
  type        = bool
}

variable "key" {
  description = "ARN of the key under which control and backups are encrypted; null means AES-256 with a key of S3's own."
  type        = string
}

variable "health_checker_ranges" {
  description = "Address ranges that may read the markers; empty means those AWS publishes."
  type        = list(string)
}

variable "local" {
  description = "Whether this is the local cloud: loopback may read the markers, plain HTTP is let in, buckets are disposable."
  type        = bool
}
