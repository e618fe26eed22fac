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

  regions = {
    for region in [var.home_region, var.standby_region] : region => {
      region         = region
      control_bucket = "${var.account}-${var.application}-control-${region}"
      backups_bucket = "${var.account}-${var.application}-backups-${region}"
      markers_bucket = "${var.account}-${var.application}-markers-${region}"
      cluster        = "arn:aws:ecs:${region}:${var.account}:cluster/${var.application}"
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
        host     = var.local_cloud == null ? "${region}.${var.domain}" : "${var.application}-${region}.alb.localhost"
        endpoint = var.local_cloud == null ? "${var.https ? "https" : "http"}://${region}.${var.domain}" : var.local_cloud.endpoint
      }

      services = {
        for service in var.services : service => {
          service    = "${var.application}-${service}"
          repository = "${var.application}/${service}"
          image      = "${var.local_cloud == null ? "${var.account}.dkr.ecr.${region}.amazonaws.com" : var.local_cloud.registries[region]}/${var.application}/${service}:${var.image_tag}"

          # Application Auto Scaling has its own name for a service, and no ARN.
          scalable_target = "service/${var.application}/${var.application}-${service}"
        }
      }
    }
  }
}

output "regions" {
  description = "Names and ARNs of each region, as they stand in configuration.json, and its keys."
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
  value       = { for region in keys(local.regions) : region => "${var.application}-${region}" }
}
