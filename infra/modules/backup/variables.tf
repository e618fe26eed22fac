variable "application" {
  description = "Starts every name."
  type        = string
}

variable "own" {
  description = "Names and ARNs of this region (an entry of the names module's regions)."
  type        = any
}

variable "settings" {
  description = "What all functions share (see the function module)."
  type        = any
}

variable "schedule" {
  description = "How often a backup is taken."
  type        = string
}

variable "refresh_schedule" {
  description = "How often the passive region's data is brought to the newest backup."
  type        = string
}

variable "taken" {
  description = "Whether backups are taken, and followed to the other region."
  type        = bool
}

variable "enabled" {
  description = "Whether there is a standby: whether the passive region's data follows the backups, and some backup is proven there."
  type        = bool
}

variable "data" {
  description = "Of each service, where its data is and what holds it still, as it stands in configuration.json."
  type        = any
}

variable "mount" {
  description = "The file system with the services' folders (see the function module); null in the local cloud."
  type        = any
}

variable "scratch" {
  description = "Disk in MB."
  type        = number
}

variable "replicated" {
  description = "Whether the bucket is copied to the other region."
  type        = bool
}
