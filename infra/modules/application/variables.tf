# Described in the roots' shared variables; only what differs is described here.

variable "region" {
  description = "The region."
  type        = string
}

variable "own" {
  description = "Names and ARNs of this region (an entry of the names module's regions)."
  type        = any
}

variable "load_balancer" {
  description = "Name of the load balancer."
  type        = string
}

variable "services" {
  description = "The services: between which numbers of tasks each is scaled, at which it rests in a passive region, how its writes can be stopped, and whether it has data. Append only."
  type        = list(object({ name = string, minimum = number, maximum = number, warm = number, writes = string, data = string }))
}

variable "running" {
  description = "Whether load balancer and services exist (their tasks may still be none)."
  type        = bool
}

variable "serving" {
  description = "Whether the region serves at first."
  type        = bool
}

variable "way_out" {
  description = "Whether what runs in the private subnets, the backup function, reaches more than S3: services by HTTP, and their tokens."
  type        = bool
}

variable "certificate_arn" {
  description = "Certificate of the load balancer; null means plain HTTP."
  type        = string
}

variable "efs_file_system_id" {
  description = "File system that is there already; null makes one, in the local cloud none."
  type        = string
}

variable "local_cloud" {
  description = "The emulated AWS; null means AWS itself."
  type        = object({ data_directory = map(string) })
}

variable "application" { type = string }
variable "architecture" { type = string }
variable "availability_zones" { type = list(string) }
variable "cpu_target" { type = number }
variable "log_retention_days" { type = number }
variable "memory_target" { type = number }
variable "vpc_cidr" { type = string }
