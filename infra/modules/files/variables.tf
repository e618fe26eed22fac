variable "application" {
  description = "Starts every name."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
}

variable "file_system" {
  description = "Id of a file system that is there already and has no mount target; null makes one."
  type        = string
}

variable "services" {
  description = "Names of the services, each with a folder."
  type        = set(string)
}

variable "network" {
  description = "Where it is mounted: the network, and a subnet in each zone."
  type        = object({ vpc = string, subnets = map(string) })
}

variable "tasks_group" {
  description = "Security group of the tasks."
  type        = string
}
