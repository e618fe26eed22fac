# One file for the three roots, so that both regions and what joins them are always described by the same words.

application = "forum"
domain      = "forum.example.com"

services = [
  { name = "users", data = "json" },
  { name = "threads", data = "json" },
  { name = "posts", data = "json" },
]

home_region             = "us-east-1"
home_vpc_cidr           = "10.0.0.0/16"
home_availability_zones = ["us-east-1a", "us-east-1b"]

enable_dr             = true
dr_region             = "us-west-2"
dr_vpc_cidr           = "10.1.0.0/16"
dr_availability_zones = ["us-west-2a", "us-west-2b"]

backup_retention_days      = 7
backup_keep                = { daily = 7, weekly = 4, monthly = 12 }
enable_cross_region_backup = true

# On AWS: a certificate in each region, which there is no way around, and where you have them file systems and keys of yours; see the
# variables' descriptions.
# certificate_arn    = { us-east-1 = "arn:aws:acm:…", us-west-2 = "arn:aws:acm:…" }
# efs_file_system_id = { us-east-1 = "fs-…", us-west-2 = "fs-…" }
# kms_key_arn        = { us-east-1 = "arn:aws:kms:…", us-west-2 = "arn:aws:kms:…" }
