# The suite that protects an application, whoever made that. The roots home and standby have this file as suite.tf (a symbolic link),
# here and in examples/existing-services, and say in local.application what only AWS makes up of it. What belongs together of the
# settings is one variable of the module.

locals {
  # Between these numbers of tasks each service is scaled while it serves, and at warm it rests where the region is passive.
  services = [
    for service in var.services : merge(service, {
      minimum = coalesce(service.minimum, var.min_capacity)
      maximum = coalesce(service.maximum, var.max_capacity)
      warm    = service.data == "none" ? var.dr_warm_tasks : 0
    })
  ]
}

module "suite" {
  source      = "../modules/suite"
  region      = local.region
  names       = module.names
  enable_dr   = var.enable_dr
  local_cloud = var.local_cloud

  protected = {
    services = local.services
    data     = var.service_data
    hosts    = var.service_hosts
    secrets  = lookup(var.task_secrets, local.region, [])
    mount    = local.application.mount
    roles    = local.application.roles
    gates    = local.application.gates
  }

  traffic = {
    zone                  = try(local.hosted_zone.name, null)
    health_checker_ranges = var.health_checker_ranges
  }

  backup = {
    schedule          = var.backup_schedule
    refresh_schedule  = var.refresh_schedule
    retention_days    = var.backup_retention_days
    keep              = var.backup_keep
    cross_region      = var.enable_cross_region_backup
    object_lock       = var.enable_object_lock
    scratch_megabytes = var.backup_scratch_megabytes
  }

  images = {
    patterns                    = var.image_patterns
    platforms                   = var.image_platforms
    create_missing_repositories = var.create_missing_repositories
  }

  failover = {
    automatic           = var.automatic
    automatic_failback  = var.automatic_failback
    down_quorum         = var.down_quorum
    maintenance_windows = var.maintenance_windows
    cool_down_seconds   = var.cool_down_seconds
    daily_starts        = var.daily_starts
    approval            = var.approval
    approval_seconds    = var.approval_seconds
    commit_seconds      = var.commit_seconds
  }

  exercises = {
    drill_schedule        = var.drill_schedule
    drill_blocked_windows = var.drill_blocked_windows
    failover_reminder     = var.failover_reminder
    exercise_reminder     = var.exercise_reminder
  }

  objectives = {
    rpo_seconds = var.rpo_seconds
    rto_seconds = var.rto_seconds
    proof_days  = var.proof_days
    drill_days  = var.drill_days
  }

  functions = {
    directory          = var.functions_directory
    architecture       = var.functions_architecture
    log_level          = var.log_level
    log_retention_days = var.log_retention_days
  }
}
