# The settings as the modules take them: what belongs together, together. Home and standby have this file as settings.tf (a symbolic
# link), and so have the roots of examples/existing-services.

locals {
  # Between these numbers of tasks each service is scaled while it serves, and at warm it rests where the region is passive.
  services = [
    for service in var.services : merge(service, {
      minimum = coalesce(service.minimum, var.min_capacity)
      maximum = coalesce(service.maximum, var.max_capacity)
      warm    = service.data == "none" ? var.dr_warm_tasks : 0
    })
  ]

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

  traffic = {
    zone                  = try(local.hosted_zone.name, null)
    health_checker_ranges = var.health_checker_ranges
  }
}
