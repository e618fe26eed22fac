# tflint-ignore-file: terraform_unused_declarations # one file of settings serves three roots, and each uses what it needs
# What the application is made of; each root has this file as application-variables.tf (a symbolic link).

variable "home_vpc_cidr" {
  description = "Address range of the home network, /16 to /20. Each zone has a sixteenth of it for its public subnet and one for its private one."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.home_vpc_cidr)) && try(tonumber(split("/", var.home_vpc_cidr)[1]) >= 16 && tonumber(split("/", var.home_vpc_cidr)[1]) <= 20, false)
    error_message = "home_vpc_cidr must be an IPv4 range from /16 to /20, such as 10.0.0.0/16."
  }
}

variable "home_availability_zones" {
  description = "Availability zones of the home network: two to eight."
  type        = list(string)
  default     = ["us-east-1a", "us-east-1b"]

  validation {
    condition     = length(distinct(var.home_availability_zones)) >= 2 && length(distinct(var.home_availability_zones)) == length(var.home_availability_zones) && length(var.home_availability_zones) <= 8
    error_message = "home_availability_zones must name from two to eight zones, each once: a load balancer needs two."
  }

  validation {
    condition     = alltrue([for zone in var.home_availability_zones : startswith(zone, var.home_region)])
    error_message = "home_availability_zones must be zones of home_region: ${join(", ", [for zone in var.home_availability_zones : zone if !startswith(zone, var.home_region)])} is not in ${var.home_region}."
  }
}

variable "dr_vpc_cidr" {
  description = "Address range of the standby network, /16 to /20."
  type        = string
  default     = "10.1.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.dr_vpc_cidr)) && try(tonumber(split("/", var.dr_vpc_cidr)[1]) >= 16 && tonumber(split("/", var.dr_vpc_cidr)[1]) <= 20, false)
    error_message = "dr_vpc_cidr must be an IPv4 range from /16 to /20, such as 10.1.0.0/16."
  }

  # Two ranges overlap where both begin alike as far as the shorter mask reaches.
  validation {
    condition = !try(
      cidrhost("${split("/", var.home_vpc_cidr)[0]}/${min(split("/", var.home_vpc_cidr)[1], split("/", var.dr_vpc_cidr)[1])}", 0) ==
      cidrhost("${split("/", var.dr_vpc_cidr)[0]}/${min(split("/", var.home_vpc_cidr)[1], split("/", var.dr_vpc_cidr)[1])}", 0),
    false)
    error_message = "dr_vpc_cidr overlaps home_vpc_cidr: the two networks could never be connected to each other, nor both to a third one."
  }
}

variable "dr_availability_zones" {
  description = "Availability zones of the standby network: two to eight."
  type        = list(string)
  default     = ["us-west-2a", "us-west-2b"]

  validation {
    condition     = length(distinct(var.dr_availability_zones)) >= 2 && length(distinct(var.dr_availability_zones)) == length(var.dr_availability_zones) && length(var.dr_availability_zones) <= 8
    error_message = "dr_availability_zones must name from two to eight zones, each once: a load balancer needs two."
  }

  validation {
    condition     = alltrue([for zone in var.dr_availability_zones : startswith(zone, var.dr_region)])
    error_message = "dr_availability_zones must be zones of dr_region: ${join(", ", [for zone in var.dr_availability_zones : zone if !startswith(zone, var.dr_region)])} is not in ${var.dr_region}."
  }
}

variable "cpu_target" {
  description = "Processor use of a service, in percent, that scaling aims at."
  type        = number
  default     = 70

  validation {
    condition     = var.cpu_target > 0 && var.cpu_target <= 100
    error_message = "cpu_target must be more than 0 and at most 100."
  }
}

variable "memory_target" {
  description = "Memory use of a service, in percent, that scaling aims at."
  type        = number
  default     = 80

  validation {
    condition     = var.memory_target > 0 && var.memory_target <= 100
    error_message = "memory_target must be more than 0 and at most 100."
  }
}

variable "efs_file_system_id" {
  description = <<-EOT
    File systems of yours that hold the services' folders (region => id), in place of those that are made here. Each must have no
    mount target: they are made in the private subnets. The folders are <application>/<service>, and everybody is user 1000 there.
  EOT
  type        = map(string)
  default     = {}
}

variable "certificate_arn" {
  description = "Certificate of each region's load balancer (region => ARN), covering the domain and the regional name. Only in the local cloud load balancers speak plain HTTP."
  type        = map(string)
  default     = {}

  validation {
    condition     = var.local_cloud != null || alltrue([for region in [var.home_region, var.dr_region] : try(length(var.certificate_arn[region]) > 0, false)])
    error_message = "certificate_arn must name a certificate of ACM for both ${var.home_region} and ${var.dr_region}, for ${var.domain} and the region's name below it (README.md, Deploy to AWS): on AWS the load balancers speak HTTPS."
  }
}

variable "architecture" {
  description = "Processor architecture of the tasks, which their images must be for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

# Nothing is there already: home and standby make the application, and join makes a zone, with a name in it for each region.
locals {
  existing    = null
  hosted_zone = null
  https       = length(var.certificate_arn) > 0
}
