# Lifeboat's side of a region: it protects the application, whoever made that, and knows of it what names and inputs say.

locals {
  at_home = var.region == var.names.home
  own     = var.names.regions[var.region]
  peer    = var.names.regions[local.at_home ? var.names.standby : var.names.home]

  # In the words of configuration.json.
  writes = {
    for service in var.protected.services : service.name => { any = "any", http = { http = { longest_seconds = service.longest_write_seconds } } }[service.writes]
  }

  # Of each service whose data is elsewhere, or that holds still, in the words of configuration.json.
  service_data = {
    for region in [var.names.home, var.names.standby] : region => {
      for service in var.protected.services[*].name : service => merge(
        { for kind, place in { bucket = try(var.protected.data[service][region].bucket, null), http = try(var.protected.data[service][region].http, null) } : "place" => { (kind) = place } if place != null },
        { for word, hook in { hook = try(var.protected.data[service][region].hook, null) } : word => hook if hook != null },
      )
    }
  }

  # Without patterns there are never many images to bring.
  image_workflow = length(var.images.patterns) > 0 ? var.names.image_workflows[var.region] : null

  # From home alone: nobody needs to hear it twice.
  reminders = {
    for name, reminder in {
      failover = {
        schedule = var.exercises.failover_reminder
        text     = "${var.names.application}: a full failover is due, there and back, in a maintenance window: lifeboat failover --to ${var.names.standby} --mode planned --reason \"the quarterly test\", then lifeboat failback. docs/runbook.md says what to see."
      }
      exercise = {
        schedule = var.exercises.exercise_reminder
        text     = "${var.names.application}: the yearly exercise is due, with everybody in the room who would be there on the bad day. docs/runbook.md has its steps."
      }
    } : name => reminder if local.at_home && reminder.schedule != null
  }
}

module "buckets" {
  source                = "../buckets"
  control               = local.own.control_bucket
  backups               = local.own.backups_bucket
  markers               = local.own.markers_bucket
  retention_days        = var.backup.retention_days
  locked                = var.backup.object_lock
  key                   = local.own.kms.key
  health_checker_ranges = var.traffic.health_checker_ranges
  local                 = var.local_cloud != null
}

module "backup" {
  source           = "../backup"
  application      = var.names.application
  own              = local.own
  settings         = var.functions
  schedule         = var.backup.schedule
  refresh_schedule = var.backup.refresh_schedule
  data             = local.service_data[var.region]
  mount            = var.protected.mount
  scratch          = var.backup.scratch_megabytes
  replicated       = var.backup.cross_region
  enabled          = var.enable_dr
  # Without a standby to keep ready, home goes on backing up.
  taken = local.at_home || var.enable_dr
}

module "image_sync" {
  source              = "../image-sync"
  application         = var.names.application
  own                 = local.own
  peer                = local.peer
  settings            = var.functions
  patterns            = var.images.patterns[*].repository
  create_repositories = var.images.create_missing_repositories
  workflow            = local.image_workflow
  roles               = var.protected.roles
  enabled             = var.enable_dr
}

module "health_probe" {
  source      = "../health-probe"
  application = var.names.application
  own         = local.own
  peer        = local.peer
  settings    = var.functions
  replicated  = var.backup.cross_region
  rpo_seconds = var.objectives.rpo_seconds
  proof_days  = var.objectives.proof_days
  drill_days  = var.objectives.drill_days
  data        = local.service_data[var.region]
  secrets     = var.protected.secrets
  enabled     = var.enable_dr
}

module "failover" {
  source         = "../failover"
  application    = var.names.application
  own            = local.own
  peer           = local.peer
  load_balancers = var.names.load_balancers
  settings       = var.functions
  drill_schedule = var.exercises.drill_schedule
  reminders      = local.reminders
  enabled        = var.enable_dr
}

# What it shows is told by probes and executions; without a standby there are none.
module "dashboard" {
  count       = var.enable_dr ? 1 : 0
  source      = "../dashboard"
  application = var.names.application
  own         = local.own
  peer        = local.peer
  objectives  = var.objectives
  alarms      = concat(module.failover.alarms, module.health_probe.alarms, module.backup.alarms, module.image_sync.alarms)
}

moved {
  from = module.dashboard
  to   = module.dashboard[0]
}
