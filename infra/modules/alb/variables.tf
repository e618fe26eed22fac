variable "name" {
  description = "Name of the load balancer."
  type        = string
}

variable "vpc" {
  description = "Id of the network."
  type        = string
}

variable "subnets" {
  description = "Ids of the public subnets."
  type        = list(string)
}

variable "services" {
  description = "Path prefix and target group of each service, and how its writes can be stopped: any or http. Append only: the position is the rule's priority."
  type        = list(object({ path = string, target_group = string, writes = string }))
}

variable "certificate_arn" {
  description = "Certificate; null means plain HTTP."
  type        = string
}
