# One region of the pair, home or standby: the same suite, each half knowing its own region and its peer.

data "aws_caller_identity" "this" {}

locals {
  at_home = var.region == var.home_region
  # Without a standby to keep ready, home goes on serving and backing up.
  serves = local.at_home || var.enable_dr

  own  = module.names.regions[var.region]
  peer = module.names.regions[local.at_home ? var.standby_region : var.home_region]

  # Between these numbers of tasks each service is scaled while it serves.
  bounds = {
    for service in var.services : service.name => {
      minimum = coalesce(service.minimum, var.min_capacity)
      maximum = coalesce(service.maximum, var.max_capacity)
    }
  }

  # In the words of configuration.json.
  writes = {
    for service in var.services : service.name => { any = "any", http = { http = { longest_seconds = service.longest_write_seconds } } }[service.writes]
  }

  # Of each service whose data is elsewhere, or that holds still, in the words of configuration.json.
  service_data = {
    for region in [var.home_region, var.standby_region] : region => {
      for service in var.services[*].name : service => merge(
        { for kind, place in { bucket = try(var.service_data[service][region].bucket, null), http = try(var.service_data[service][region].http, null) } : "place" => { (kind) = place } if place != null },
        { for word, hook in { hook = try(var.service_data[service][region].hook, null) } : word => hook if hook != null },
      )
    }
  }

  # Without patterns there are never many images to bring.
  image_workflow = length(var.image_patterns) > 0 ? module.names.image_workflows[var.region] : null

  # From home alone: nobody needs to hear it twice.
  reminders = {
    for name, reminder in {
      failover = {
        schedule = var.failover_reminder
        text     = "${var.application}: a full failover is due, there and back, in a maintenance window: lifeboat failover --to ${var.standby_region} --mode planned --reason \"the quarterly test\", then lifeboat failback. docs/runbook.md says what to see."
      }
      exercise = {
        schedule = var.exercise_reminder
        text     = "${var.application}: the yearly exercise is due, with everybody in the room who would be there on the bad day. docs/runbook.md has its steps."
      }
    } : name => reminder if local.at_home && reminder.schedule != null
  }

  data_directory = try(var.local_cloud.data_directory[var.region], null)

  functions = {
    directory          = var.functions_directory
    architecture       = var.architecture
    log_level          = var.log_level
    log_retention_days = var.log_retention_days
  }
}

module "names" {
  source         = "../names"
  account        = data.aws_caller_identity.this.account_id
  application    = var.application
  domain         = var.domain
  home_region    = var.home_region
  standby_region = var.standby_region
  services       = var.services[*].name
  image_tag      = var.image_tag
  https          = var.https
  local_cloud    = var.local_cloud

  kms_key_arn          = var.kms_key_arn
  kms_earlier_key_arns = var.kms_earlier_key_arns
}

module "network" {
  source             = "../network"
  name               = var.application
  region             = var.region
  cidr               = var.vpc_cidr
  availability_zones = var.availability_zones
}

module "alb" {
  count           = local.serves ? 1 : 0
  source          = "../alb"
  name            = module.names.load_balancers[var.region]
  vpc             = module.network.vpc
  subnets         = module.network.public_subnets
  services        = [for service in var.services : { path = service.name, target_group = local.own.services[service.name].service, writes = service.writes }]
  certificate_arn = var.certificate_arn
}

module "ecr" {
  source       = "../ecr"
  repositories = [for service in values(local.own.services) : service.repository]
  disposable   = var.local_cloud != null
}

# The local cloud has a folder of the host in its place.
module "files" {
  count       = var.local_cloud == null ? 1 : 0
  source      = "../files"
  application = var.application
  region      = var.region
  file_system = var.efs_file_system_id
  services    = var.services[*].name
  network     = { vpc = module.network.vpc, subnets = module.network.private_subnets }
  tasks_group = module.ecs.security_group
}

module "ecs" {
  source             = "../ecs"
  application        = var.application
  region             = var.region
  architecture       = var.architecture
  log_retention_days = var.log_retention_days
  files              = one(module.files[*].tasks)
  data_directory     = local.data_directory
  running            = local.serves
  target_groups      = local.serves ? module.alb[0].target_groups : {}

  services = {
    for name, service in local.own.services : name => {
      service       = service.service
      image         = service.image
      desired_count = local.at_home ? local.bounds[name].minimum : 0
    }
  }

  network = {
    vpc                 = module.network.vpc
    subnets             = module.network.public_subnets
    load_balancer_group = one(module.alb[*].security_group)
  }
}

module "scaling" {
  count       = local.serves ? 1 : 0
  source      = "../scaling"
  application = var.application
  serving     = local.at_home
  services    = { for name, service in local.own.services : name => merge(local.bounds[name], { scalable_target = service.scalable_target }) }

  targets = {
    ECSServiceAverageCPUUtilization    = var.cpu_target
    ECSServiceAverageMemoryUtilization = var.memory_target
  }

  depends_on = [module.ecs]
}

module "buckets" {
  source                = "../buckets"
  control               = local.own.control_bucket
  backups               = local.own.backups_bucket
  markers               = local.own.markers_bucket
  retention_days        = var.backup_retention_days
  locked                = var.enable_object_lock
  key                   = local.own.kms.key
  health_checker_ranges = var.health_checker_ranges
  local                 = var.local_cloud != null
}

module "backup" {
  source           = "../backup"
  application      = var.application
  own              = local.own
  settings         = local.functions
  schedule         = var.backup_schedule
  refresh_schedule = var.refresh_schedule
  data             = local.service_data[var.region]
  mount            = one(module.files[*].function)
  scratch          = var.backup_scratch_megabytes
  replicated       = var.enable_cross_region_backup
  enabled          = local.serves
}

module "image_sync" {
  source              = "../image-sync"
  application         = var.application
  own                 = local.own
  peer                = local.peer
  settings            = local.functions
  patterns            = var.image_patterns[*].repository
  create_repositories = var.create_missing_repositories
  workflow            = local.image_workflow
  roles               = module.ecs.roles
  enabled             = var.enable_dr
}

module "health_probe" {
  source      = "../health-probe"
  application = var.application
  own         = local.own
  peer        = local.peer
  settings    = local.functions
  replicated  = var.enable_cross_region_backup
  rpo_seconds = var.rpo_seconds
  proof_days  = var.proof_days
  drill_days  = var.drill_days
  data        = local.service_data[var.region]
  secrets     = var.task_secrets
  enabled     = var.enable_dr
}

module "failover" {
  source         = "../failover"
  application    = var.application
  own            = local.own
  peer           = local.peer
  load_balancers = module.names.load_balancers
  settings       = local.functions
  drill_schedule = var.drill_schedule
  reminders      = local.reminders
  enabled        = var.enable_dr
}

module "dashboard" {
  source      = "../dashboard"
  application = var.application
  own         = local.own
  peer        = local.peer
  objectives  = { rpo_seconds = var.rpo_seconds, proof_days = var.proof_days, drill_days = var.drill_days }
  alarms      = concat(module.failover.alarms, module.health_probe.alarms, module.backup.alarms, module.image_sync.alarms)
}
