# Every name and ARN of both regions, computed: one region can be planned while the other is dead.

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
