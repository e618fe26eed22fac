locals {
  region             = var.dr_region
  vpc_cidr           = var.dr_vpc_cidr
  availability_zones = var.dr_availability_zones
}
