# What home and standby are made of; each of the two has this file as region.tf (a symbolic link) and says local.region,
# local.vpc_cidr and local.availability_zones.

module "region" {
  source = "../modules/region"

  region             = local.region
  vpc_cidr           = local.vpc_cidr
  availability_zones = local.availability_zones

  application                = var.application
  architecture               = var.architecture
  automatic                  = var.automatic
  automatic_failback         = var.automatic_failback
  approval                   = var.approval
  approval_seconds           = var.approval_seconds
  commit_seconds             = var.commit_seconds
  backup_keep                = var.backup_keep
  backup_retention_days      = var.backup_retention_days
  backup_schedule            = var.backup_schedule
  backup_scratch_megabytes   = var.backup_scratch_megabytes
  refresh_schedule           = var.refresh_schedule
  proof_days                 = var.proof_days
  drill_days                 = var.drill_days
  drill_schedule             = var.drill_schedule
  failover_reminder          = var.failover_reminder
  exercise_reminder          = var.exercise_reminder
  certificate_arn            = lookup(var.certificate_arn, local.region, null)
  cool_down_seconds          = var.cool_down_seconds
  cpu_target                 = var.cpu_target
  daily_starts               = var.daily_starts
  domain                     = var.domain
  down_quorum                = var.down_quorum
  drill_blocked_windows      = var.drill_blocked_windows
  efs_file_system_id         = lookup(var.efs_file_system_id, local.region, null)
  enable_cross_region_backup = var.enable_cross_region_backup
  enable_dr                  = var.enable_dr
  enable_object_lock         = var.enable_object_lock
  functions_architecture     = var.functions_architecture
  functions_directory        = var.functions_directory
  health_checker_ranges      = var.health_checker_ranges
  home_region                = var.home_region
  https                      = length(var.certificate_arn) > 0
  image_tag                  = var.image_tag
  kms_earlier_key_arns       = var.kms_earlier_key_arns
  kms_key_arn                = var.kms_key_arn
  local_cloud                = var.local_cloud
  log_level                  = var.log_level
  log_retention_days         = var.log_retention_days
  maintenance_windows        = var.maintenance_windows
  max_capacity               = var.max_capacity
  memory_target              = var.memory_target
  dr_warm_tasks              = var.dr_warm_tasks
  min_capacity               = var.min_capacity
  rpo_seconds                = var.rpo_seconds
  rto_seconds                = var.rto_seconds
  service_data               = var.service_data
  service_hosts              = var.service_hosts
  services                   = var.services
  standby_region             = var.dr_region
  task_secrets               = lookup(var.task_secrets, local.region, [])

  create_missing_repositories = var.create_missing_repositories
  image_patterns              = var.image_patterns
  image_platforms             = var.image_platforms
}
