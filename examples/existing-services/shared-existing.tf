# tflint-ignore-file: terraform_unused_declarations # one file of settings serves three roots, and each uses what it needs
# What is there already, by its names; each root has this file as existing.tf (a symbolic link).

variable "existing" {
  description = <<-EOT
    The application in each region (region => its names): the cluster, the load balancer and each service of var.services, in its ECS
    service, its image repository and its template. The template is the task-definition family that tasks of it are started from,
    of the service's own name unless given. address is where the load balancer answers for its region, whoever serves.
  EOT
  type = map(object({
    cluster       = string
    load_balancer = object({ name = string, address = string })
    services      = map(object({ service = string, repository = string, template = optional(string) }))
  }))

  validation {
    condition     = length(var.existing) == 2 && length(setsubtract(keys(var.existing), [var.home_region, var.dr_region])) == 0
    error_message = "existing must name what is in ${var.home_region} and in ${var.dr_region}, and in no other region."
  }

  validation {
    condition     = alltrue([for there in values(var.existing) : keys(there.services) == sort(var.services[*].name)])
    error_message = "existing must name each service of var.services in both regions, and no other: ${join(", ", sort(var.services[*].name))}."
  }

  validation {
    condition     = alltrue([for there in values(var.existing) : length(there.services) <= 16])
    error_message = "existing has room for 16 services: with more the policies of a role are longer than AWS takes. Protect the others as an application of their own."
  }

  validation {
    condition = alltrue(flatten([for there in values(var.existing) : [
      for name in concat([there.cluster], flatten([for service in values(there.services) : compact([service.service, service.template])])) : can(regex("^[A-Za-z0-9_-]{1,255}$", name))
    ]]))
    error_message = "existing must give a cluster, a service and a template by its name of letters, digits, hyphens and underscores, and not by an ARN or with a revision."
  }

  validation {
    condition     = alltrue([for there in values(var.existing) : length(distinct(values(there.services)[*].service)) == length(there.services)])
    error_message = "existing must name each ECS service once."
  }

  validation {
    condition     = alltrue(flatten([for there in values(var.existing) : [for service in values(there.services) : can(regex("^[a-z0-9]+([._/-]+[a-z0-9]+)*$", service.repository))]]))
    error_message = "existing must give a repository by its name, such as shop/users, without the registry before it and the tag behind it."
  }

  validation {
    condition     = alltrue([for there in values(var.existing) : can(regex("^[A-Za-z0-9-]{1,32}$", there.load_balancer.name))])
    error_message = "existing must give a load balancer by its name of letters, digits and hyphens, and not by an ARN or its DNS name."
  }

  validation {
    condition     = alltrue([for there in values(var.existing) : can(regex("^https?://[a-z0-9.-]+(:[0-9]+)?$", there.load_balancer.address)) && try(split("/", there.load_balancer.address)[2] != var.domain, true)])
    error_message = "existing must give a load balancer's address such as https://us-east-1.shop.example.com, without a path, and not ${var.domain}: that one leads to whoever serves."
  }
}

variable "hosted_zone" {
  description = "The public hosted zone that the domain is in: its id and its name."
  type        = object({ id = string, name = string })

  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.hosted_zone.id))
    error_message = "hosted_zone must have the id of a zone, such as Z0123456789ABCDEFGHIJ."
  }

  validation {
    condition     = var.domain == var.hosted_zone.name || endswith(var.domain, ".${var.hosted_zone.name}")
    error_message = "hosted_zone must hold the domain: ${var.domain} is not in ${var.hosted_zone.name}."
  }
}

variable "mount" {
  description = <<-EOT
    The folders of the services' data (region => an access point of your file system, and where the backup function runs to mount it).
    Below the access point each service has a folder of its name. Needed where service_data names no other place.
  EOT
  type        = map(object({ access_point = string, subnets = list(string), security_groups = list(string) }))
  default     = {}

  validation {
    condition     = length(var.mount) == 0 || (length(var.mount) == 2 && length(setsubtract(keys(var.mount), [var.home_region, var.dr_region])) == 0)
    error_message = "mount must name an access point in ${var.home_region} and one in ${var.dr_region} and in no other region, or be empty."
  }

  validation {
    condition     = alltrue([for there in values(var.mount) : can(regex("^fsap-[0-9a-f]+$", there.access_point)) && length(there.subnets) > 0 && length(there.security_groups) > 0])
    error_message = "mount must have the id of an access point, such as fsap-0123456789abcdef0, and at least one subnet and one security group."
  }

  validation {
    condition = length(var.mount) > 0 || var.local_cloud != null || alltrue([
      for service in var.services[*].name : try(var.service_data[service][var.home_region].bucket, null) != null || try(var.service_data[service][var.home_region].http, null) != null
    ])
    error_message = "mount must be given, or service_data must say for each service where its data is: nothing else would be backed up."
  }
}

variable "gates" {
  description = <<-EOT
    The listener rules of each service with writes = "http" (region => service => rules): those that answer the methods that write with
    503, with their priorities while they are open and while they are closed. Each is tagged Lifeboat = gate.
  EOT
  type        = map(map(list(object({ rule = string, open = number, closed = number }))))
  default     = {}

  validation {
    condition     = alltrue([for region in [var.home_region, var.dr_region] : sort([for service in var.services : service.name if service.writes == "http"]) == keys(lookup(var.gates, region, {}))])
    error_message = "gates must name rules in both regions for each service with writes = \"http\", and for no other."
  }

  validation {
    condition = alltrue(flatten([for region, services in var.gates : [for rule in flatten(values(services)) :
      can(regex("^arn:aws:elasticloadbalancing:${region}:[0-9]{12}:listener-rule/app/${var.existing[region].load_balancer.name}/", rule.rule)) && rule.open != rule.closed
    ]]))
    error_message = "gates must hold ARNs of listener rules of the very load balancer that existing names in the region, each with two different priorities."
  }
}

locals {
  existing    = var.existing
  hosted_zone = var.hosted_zone
  https       = true
}
