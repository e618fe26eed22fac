# Every name of both regions; each root has this file as names.tf (a symbolic link), here and in examples/existing-services, and says in
# local.existing and local.hosted_zone what is there already.

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
  https          = local.https
  existing       = local.existing
  local_cloud    = var.local_cloud

  kms_key_arn          = var.kms_key_arn
  kms_earlier_key_arns = var.kms_earlier_key_arns
}
