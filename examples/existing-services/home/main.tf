locals {
  region = var.home_region
}
