# Every name and ARN of both regions, computed: one region can be planned while the other is dead.

variable "account" {
  description = "Account number."
  type        = string
}

variable "application" {
  description = "Starts every name."
  type        = string
}

variable "domain" {
  description = "The name the users ask for."
  type        = string
}

variable "home_region" {
  description = "The home region."
  type        = string
}

variable "standby_region" {
  description = "The standby region."
  type        = string
}

variable "services" {
  description = "Names of the services."
  type        = list(string)
}

variable "image_tag" {
  description = "The tag the services run."
  type        = string
}

variable "https" {
  description = "Whether the load balancers speak TLS."
  type        = bool
}

variable "kms_key_arn" {
  description = "Key of each region, where there are any."
  type        = map(string)
}

variable "kms_earlier_key_arns" {
  description = "Keys of each region that something may still be encrypted under."
  type        = map(list(string))
}

variable "existing" {
  description = "The application of each region as others made it (region => its names); null names it as the application module makes it."
  type = map(object({
    cluster       = string
    load_balancer = object({ name = string, address = string })
    services      = map(object({ service = string, repository = string, template = optional(string) }))
  }))
  default = null
}

variable "local_cloud" {
  description = "The emulated AWS; null means AWS itself."
  type        = object({ endpoint = string, registries = map(string) })
}

locals {
  functions = {
    backup       = "${var.application}-backup"
    image_sync   = "${var.application}-image-sync"
    health_probe = "${var.application}-health-probe"
    failover     = "${var.application}-failover"
  }

  made = {
    for region in [var.home_region, var.standby_region] : region => {
      cluster       = var.application
      load_balancer = { name = "${var.application}-${region}", address = "${var.https ? "https" : "http"}://${region}.${var.domain}" }
      services      = { for service in var.services : service => { service = "${var.application}-${service}", repository = "${var.application}/${service}", template = null } }
    }
  }

  applications = var.existing == null ? local.made : var.existing

  regions = {
    for region in [var.home_region, var.standby_region] : region => {
      region         = region
      control_bucket = "${var.account}-${var.application}-control-${region}"
      backups_bucket = "${var.account}-${var.application}-backups-${region}"
      markers_bucket = "${var.account}-${var.application}-markers-${region}"
      cluster        = "arn:aws:ecs:${region}:${var.account}:cluster/${local.applications[region].cluster}"
      alarm          = "${var.application}-active-region-down"
      workflow       = "arn:aws:states:${region}:${var.account}:stateMachine:${var.application}-failover"
      alarms_topic   = "arn:aws:sns:${region}:${var.account}:${var.application}-alarms"
      notices_topic  = "arn:aws:sns:${region}:${var.account}:${var.application}-notices"
      functions      = { for word, name in local.functions : word => "arn:aws:lambda:${region}:${var.account}:function:${name}:live" }

      # What is written is under the key; what lies there may be under any that is readable.
      kms = {
        key      = lookup(var.kms_key_arn, region, null)
        readable = concat(compact([lookup(var.kms_key_arn, region, null)]), lookup(var.kms_earlier_key_arns, region, []))
      }

      registry = {
        host     = "${var.account}.dkr.ecr.${region}.amazonaws.com"
        endpoint = var.local_cloud == null ? "https://${var.account}.dkr.ecr.${region}.amazonaws.com" : "http://${var.local_cloud.registries[region]}"
      }

      load_balancer = {
        host     = var.local_cloud == null ? split("/", local.applications[region].load_balancer.address)[2] : "${local.applications[region].load_balancer.name}.alb.localhost"
        endpoint = var.local_cloud == null ? local.applications[region].load_balancer.address : var.local_cloud.endpoint
      }

      services = {
        for name, service in local.applications[region].services : name => merge(
          {
            service    = service.service
            repository = service.repository
            image      = "${var.local_cloud == null ? "${var.account}.dkr.ecr.${region}.amazonaws.com" : var.local_cloud.registries[region]}/${service.repository}:${var.image_tag}"

            # Application Auto Scaling has its own name for a service, and no ARN.
            scalable_target = "service/${local.applications[region].cluster}/${service.service}"
          },
          { for word, family in { template = service.template } : word => family if family != null && family != service.service },
        )
      }

      # What policies name that have no room for each service. Beside others' things each stands by itself all the same.
      granted = {
        services     = var.existing == null ? ["${var.application}-*"] : values(local.applications[region].services)[*].service
        repositories = var.existing == null ? ["${var.application}/*"] : distinct(values(local.applications[region].services)[*].repository)
      }
    }
  }
}

output "account" {
  description = "Account number."
  value       = var.account
}

output "application" {
  description = "Starts every name."
  value       = var.application
}

output "domain" {
  description = "The name the users ask for."
  value       = var.domain
}

output "home" {
  description = "The home region."
  value       = var.home_region
}

output "standby" {
  description = "The standby region."
  value       = var.standby_region
}

output "regions" {
  description = "Names and ARNs of each region, as they stand in configuration.json, its keys, and what policies name."
  value       = local.regions
}

output "functions" {
  description = "Names of the functions, the same in both regions."
  value       = local.functions
}

output "image_workflows" {
  description = "ARN of each region's workflow that brings many images, where it has one."
  value       = { for region in keys(local.regions) : region => "arn:aws:states:${region}:${var.account}:stateMachine:${var.application}-image-sync" }
}

output "load_balancers" {
  description = "Name of each region's load balancer."
  value       = { for region, application in local.applications : region => application.load_balancer.name }
}
