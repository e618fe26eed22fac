# One region of the pair, home or standby: the application, and the suite that protects it, each half knowing its own region and its peer.

data "aws_caller_identity" "this" {}

locals {
  at_home = var.region == var.home_region

  # Between these numbers of tasks each service is scaled while it serves, and at warm it rests where the region is passive.
  services = [
    for service in var.services : merge(service, {
      minimum = coalesce(service.minimum, var.min_capacity)
      maximum = coalesce(service.maximum, var.max_capacity)
      warm    = service.data == "none" ? var.dr_warm_tasks : 0
    })
  ]
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

module "application" {
  source             = "../application"
  application        = var.application
  region             = var.region
  own                = module.names.regions[var.region]
  load_balancer      = module.names.load_balancers[var.region]
  services           = local.services
  serving            = local.at_home
  vpc_cidr           = var.vpc_cidr
  availability_zones = var.availability_zones
  certificate_arn    = var.certificate_arn
  efs_file_system_id = var.efs_file_system_id
  architecture       = var.architecture
  cpu_target         = var.cpu_target
  memory_target      = var.memory_target
  log_retention_days = var.log_retention_days
  local_cloud        = var.local_cloud

  # The local cloud's functions run beside the services.
  way_out = var.local_cloud == null && anytrue([
    for regions in values(var.service_data) : try(regions[var.region].http, null) != null || try(regions[var.region].hook, null) != null
  ])

  # Without a standby to keep ready, home goes on serving.
  running = local.at_home || var.enable_dr
}

module "suite" {
  source   = "../suite"
  account  = data.aws_caller_identity.this.account_id
  names    = module.names
  services = local.services
  mount    = module.application.mount
  roles    = module.application.roles
  gates    = module.application.gates
  zone     = null

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
  region                      = var.region
  rpo_seconds                 = var.rpo_seconds
  rto_seconds                 = var.rto_seconds
  service_data                = var.service_data
  service_hosts               = var.service_hosts
  standby_region              = var.standby_region
  task_secrets                = var.task_secrets
}
