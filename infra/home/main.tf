locals {
  region             = var.home_region
  vpc_cidr           = var.home_vpc_cidr
  availability_zones = var.home_availability_zones
}
