variable "region" {
  description = "The region this call describes: home or standby."
  type        = string
}

variable "names" {
  description = "What the names module says of both regions."
  type        = any
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

variable "network" {
  description = "Address range and zones of the network. way_out: whether what runs in the private subnets, the backup function, reaches more than S3: services by HTTP, and their tokens."
  type        = object({ cidr = string, availability_zones = list(string), way_out = bool })
}

variable "tasks" {
  description = "What tasks run on, the use of processor and memory, in percent, that scaling aims at, and how long their logs are kept."
  type        = object({ architecture = string, cpu_target = number, memory_target = number, log_retention_days = number })
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
