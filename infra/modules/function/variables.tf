variable "name" {
  description = "Name of the function."
  type        = string
}

variable "own" {
  description = "Names and ARNs of the function's own region (an entry of the names module's regions)."
  type        = any
}

variable "peer" {
  description = "Names of the other region, for a function that reads its control bucket; null for one that does not."
  type        = any
  default     = null
}

variable "settings" {
  description = "What all functions share: where the zips are, their architecture, how much they log and for how many days it is kept."
  type        = object({ directory = string, architecture = string, log_level = string, log_retention_days = number })
}

variable "zip" {
  description = "Name of the zip, without its ending."
  type        = string
}

variable "scratch" {
  description = "Disk in MB; 512 costs nothing."
  type        = number
  default     = 512
}

variable "mount" {
  description = "An access point of a file system, mounted at /mnt/data, and where the function runs for that; null for none, and outside of any network."
  type        = object({ file_system = string, access_point = string, subnets = list(string), security_groups = list(string) })
  default     = null
}

variable "memory" {
  description = "Memory in MB."
  type        = number
}

variable "timeout" {
  description = "Seconds one invocation may take."
  type        = number
}

variable "given_up" {
  description = "What it means that an event was given up, and what to do: the alarm's description; null for no alarm, where nothing sends events."
  type        = string
}

variable "statements" {
  description = "Policy statements beyond what every function may do."
  type        = any
}
