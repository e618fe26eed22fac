variable "name" {
  description = "Name of the network."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
}

variable "cidr" {
  description = "Address range, at most a /20."
  type        = string
}

variable "availability_zones" {
  description = "Zones; one public and one private subnet in each."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) >= 2
    error_message = "availability zones: a load balancer needs at least two."
  }
}

variable "way_out" {
  description = "Whether a NAT gateway leads out of the private subnets."
  type        = bool
}
