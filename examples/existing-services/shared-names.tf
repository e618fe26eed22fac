# Every name of both regions; each root has this file as names.tf (a symbolic link).

locals {
  hosted_zone = var.hosted_zone
}

data "aws_caller_identity" "this" {}

module "names" {
  source         = "../modules/names"
  account        = data.aws_caller_identity.this.account_id
  application    = var.application
  domain         = var.domain
  home_region    = var.home_region
  standby_region = var.dr_region
  services       = var.services[*].name
  image_tag      = var.image_tag
  https          = true
  existing       = var.existing
  local_cloud    = var.local_cloud

  kms_key_arn          = var.kms_key_arn
  kms_earlier_key_arns = var.kms_earlier_key_arns
}
