# The application as others made it. Home and standby each have this file as application.tf (a symbolic link) and say local.region.

locals {
  there = var.existing[local.region]

  application = {
    gates = lookup(var.gates, local.region, {})
    roles = distinct(compact(flatten([for template in data.aws_ecs_task_definition.template : [template.execution_role_arn, template.task_role_arn]])))

    mount = one([
      for region, point in data.aws_efs_access_point.data : {
        file_system     = point.file_system_arn
        access_point    = point.arn
        subnets         = var.mount[region].subnets
        security_groups = var.mount[region].security_groups
      }
    ])
  }
}

# Nothing of these is changed: what is not there is told of before anything is made.
data "aws_ecs_cluster" "existing" {
  cluster_name = local.there.cluster
}

# tflint-ignore: terraform_unused_declarations # that it is there is all
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

# tflint-ignore: terraform_unused_declarations # that it is there is all
data "aws_ecr_repository" "existing" {
  for_each = local.there.services
  name     = each.value.repository
}

# tflint-ignore: terraform_unused_declarations # that it is there is all
data "aws_lb" "existing" {
  name = local.there.load_balancer.name
}

data "aws_efs_access_point" "data" {
  for_each        = { for region, there in var.mount : region => there if region == local.region }
  access_point_id = each.value.access_point
}
