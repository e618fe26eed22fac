# What ties the two regions: replication both ways, and DNS. Applied after home and standby, while both are alive.

locals {
  region       = var.home_region
  home         = module.names.regions[var.home_region]
  standby      = module.names.regions[var.dr_region]
  replications = var.enable_cross_region_backup ? 1 : 0
}

data "aws_lb" "home" {
  name = module.names.load_balancers[var.home_region]
}

data "aws_lb" "standby" {
  count    = var.enable_dr ? 1 : 0
  provider = aws.standby
  name     = module.names.load_balancers[var.dr_region]
}

module "replication_to_standby" {
  count             = local.replications
  source            = "../modules/replication"
  application       = var.application
  source_names      = local.home
  destination_names = local.standby
}

module "replication_to_home" {
  count             = local.replications
  source            = "../modules/replication"
  providers         = { aws = aws.standby }
  application       = var.application
  source_names      = local.standby
  destination_names = local.home
}

module "dns" {
  source     = "../modules/dns"
  domain     = var.domain
  zone       = try(local.hosted_zone.id, null)
  disposable = var.local_cloud != null

  # Three looks at ten seconds each, and until all checkers have begun. The local cloud's checks tell at once.
  settling_seconds = var.local_cloud == null ? 120 : 0

  home = {
    region         = var.home_region
    host           = local.hosted_zone == null ? "${var.home_region}.${var.domain}" : null
    markers_bucket = local.home.markers_bucket
    load_balancer  = data.aws_lb.home
  }

  standby = {
    region         = var.dr_region
    host           = local.hosted_zone == null ? "${var.dr_region}.${var.domain}" : null
    markers_bucket = local.standby.markers_bucket
    load_balancer  = one(data.aws_lb.standby)
  }
}
