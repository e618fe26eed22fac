variable "application" {
  description = "Name of the cluster."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
}

variable "services" {
  description = "Each service by its role: its name, its image, whether its tasks mount its folder, and their number at first."
  type        = map(object({ service = string, image = string, mounts = bool, desired_count = number }))
}

variable "running" {
  description = "Whether the services exist (their tasks may still be none)."
  type        = bool
}

variable "target_groups" {
  description = "Target group ARN of each service."
  type        = map(string)
}

variable "network" {
  description = "Where the tasks run."
  type        = object({ vpc = string, subnets = list(string), load_balancer_group = string })
}

variable "architecture" {
  description = "x86_64 or arm64."
  type        = string
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "files" {
  description = "The file system, and each service's access point to its folder; null in the local cloud."
  type        = object({ file_system = string, access_points = map(string) })
}

variable "data_directory" {
  description = "Local cloud: folder of the host with a folder per service; null on AWS."
  type        = string
}
