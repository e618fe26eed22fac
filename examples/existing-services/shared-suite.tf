# What home and standby are made of; each of the two has this file as suite.tf (a symbolic link) and says local.region.

locals {
  there = var.existing[local.region]
}

# Nothing of these is changed: what is not there is told of before anything is made.
data "aws_ecs_cluster" "existing" {
  cluster_name = local.there.cluster
}

data "aws_ecs_service" "existing" {
  for_each     = local.there.services
  cluster_arn  = data.aws_ecs_cluster.existing.arn
  service_name = each.value.service

  lifecycle {
    postcondition {
      condition     = self.scheduling_strategy == "REPLICA"
      error_message = "existing: ${each.value.service} in ${local.region} is a daemon, and an execution cannot say how many tasks of it there are."
    }
  }
}

data "aws_ecs_task_definition" "template" {
  for_each        = local.there.services
  task_definition = coalesce(each.value.template, each.value.service)

  lifecycle {
    postcondition {
      condition     = self.execution_role_arn != ""
      error_message = "existing: the template of ${each.value.service} in ${local.region} has no execution role, so nothing may pull its image; register one with it."
    }
  }
}

data "aws_ecr_repository" "existing" {
  for_each = local.there.services
  name     = each.value.repository
}

data "aws_lb" "existing" {
  name = local.there.load_balancer.name
}

data "aws_efs_access_point" "data" {
  for_each        = { for region, there in var.mount : region => there if region == local.region }
  access_point_id = each.value.access_point
}

module "suite" {
  source  = "../modules/suite"
  region  = local.region
  account = data.aws_caller_identity.this.account_id
  names   = module.names
  zone    = var.hosted_zone.name
  gates   = lookup(var.gates, local.region, {})
  roles   = distinct(compact(flatten([for template in data.aws_ecs_task_definition.template : [template.execution_role_arn, template.task_role_arn]])))

  mount = one([
    for region, point in data.aws_efs_access_point.data : {
      file_system     = point.file_system_arn
      access_point    = point.arn
      subnets         = var.mount[region].subnets
      security_groups = var.mount[region].security_groups
    }
  ])

  services = [
    for service in var.services : merge(service, {
      minimum = coalesce(service.minimum, var.min_capacity)
      maximum = coalesce(service.maximum, var.max_capacity)
      warm    = service.data == "none" ? var.dr_warm_tasks : 0
    })
  ]

  application                 = var.application
  approval                    = var.approval
  approval_seconds            = var.approval_seconds
  automatic                   = var.automatic
  automatic_failback          = var.automatic_failback
  backup_keep                 = var.backup_keep
  backup_retention_days       = var.backup_retention_days
  backup_schedule             = var.backup_schedule
  backup_scratch_megabytes    = var.backup_scratch_megabytes
  commit_seconds              = var.commit_seconds
  cool_down_seconds           = var.cool_down_seconds
  create_missing_repositories = var.create_missing_repositories
  daily_starts                = var.daily_starts
  domain                      = var.domain
  down_quorum                 = var.down_quorum
  drill_blocked_windows       = var.drill_blocked_windows
  drill_days                  = var.drill_days
  drill_schedule              = var.drill_schedule
  enable_cross_region_backup  = var.enable_cross_region_backup
  enable_dr                   = var.enable_dr
  enable_object_lock          = var.enable_object_lock
  exercise_reminder           = var.exercise_reminder
  failover_reminder           = var.failover_reminder
  functions_architecture      = var.functions_architecture
  functions_directory         = var.functions_directory
  health_checker_ranges       = var.health_checker_ranges
  home_region                 = var.home_region
  image_patterns              = var.image_patterns
  image_platforms             = var.image_platforms
  local_cloud                 = var.local_cloud
  log_level                   = var.log_level
  log_retention_days          = var.log_retention_days
  maintenance_windows         = var.maintenance_windows
  proof_days                  = var.proof_days
  refresh_schedule            = var.refresh_schedule
  rpo_seconds                 = var.rpo_seconds
  rto_seconds                 = var.rto_seconds
  service_data                = var.service_data
  service_hosts               = var.service_hosts
  standby_region              = var.dr_region
  task_secrets                = lookup(var.task_secrets, local.region, [])
}
