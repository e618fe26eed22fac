locals {
  region = var.dr_region
}
