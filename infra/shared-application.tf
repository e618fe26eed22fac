# The application as Lifeboat makes it. Home and standby each have this file as application.tf (a symbolic link) and say local.region,
# local.vpc_cidr and local.availability_zones.

locals {
  at_home = local.region == var.home_region

  application = {
    mount = module.application.mount
    roles = module.application.roles
    gates = module.application.gates
  }
}

module "application" {
  source             = "../modules/application"
  region             = local.region
  names              = module.names
  services           = local.services
  serving            = local.at_home
  certificate_arn    = lookup(var.certificate_arn, local.region, null)
  efs_file_system_id = lookup(var.efs_file_system_id, local.region, null)
  local_cloud        = var.local_cloud

  # Without a standby to keep ready, home goes on serving.
  running = local.at_home || var.enable_dr

  network = {
    cidr               = local.vpc_cidr
    availability_zones = local.availability_zones

    # The local cloud's functions run beside the services.
    way_out = var.local_cloud == null && anytrue([
      for regions in values(var.service_data) : try(regions[local.region].http, null) != null || try(regions[local.region].hook, null) != null
    ])
  }

  tasks = {
    architecture       = var.architecture
    cpu_target         = var.cpu_target
    memory_target      = var.memory_target
    log_retention_days = var.log_retention_days
  }
}
