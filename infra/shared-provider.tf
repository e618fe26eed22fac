# The provider of all three roots; each root has this file as provider.tf (a symbolic link) and says local.region.

terraform {
  # The first in which S3 locks a state by itself; OpenTofu counts the same.
  required_version = ">= 1.10"

  # Each root's bucket, key and region stand in <root>.s3.tfbackend.
  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

provider "aws" {
  region                      = local.region
  s3_use_path_style           = var.local_cloud != null
  skip_credentials_validation = var.local_cloud != null
  skip_metadata_api_check     = var.local_cloud != null ? "true" : null
  skip_region_validation      = var.local_cloud != null

  default_tags {
    tags = { Application = var.application, ManagedBy = "lifeboat" }
  }

  dynamic "endpoints" {
    for_each = var.local_cloud[*].endpoint
    content {
      appautoscaling = endpoints.value
      cloudwatch     = endpoints.value
      ec2            = endpoints.value
      ecr            = endpoints.value
      ecs            = endpoints.value
      elbv2          = endpoints.value
      eventbridge    = endpoints.value
      iam            = endpoints.value
      lambda         = endpoints.value
      logs           = endpoints.value
      route53        = endpoints.value
      s3             = endpoints.value
      sfn            = endpoints.value
      sns            = endpoints.value
      sts            = endpoints.value
    }
  }
}
