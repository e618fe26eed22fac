# A shop as others might have made it, in names and tags of their own. `tests/tests/shop.rs` applies it to the local cloud, protects
# it by examples/existing-services, and asks this root whether anything of it is another than it was.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}

variable "local_cloud" {
  description = "Where it answers."
  type        = object({ endpoint = string })
}

provider "aws" {
  region                      = "us-east-1"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = "true"

  endpoints {
    appautoscaling = var.local_cloud.endpoint
    ec2            = var.local_cloud.endpoint
    ecr            = var.local_cloud.endpoint
    ecs            = var.local_cloud.endpoint
    elbv2          = var.local_cloud.endpoint
    iam            = var.local_cloud.endpoint
    route53        = var.local_cloud.endpoint
    s3             = var.local_cloud.endpoint
    sts            = var.local_cloud.endpoint
  }
}

provider "aws" {
  alias                       = "west"
  region                      = "us-west-2"
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = "true"

  endpoints {
    appautoscaling = var.local_cloud.endpoint
    ec2            = var.local_cloud.endpoint
    ecr            = var.local_cloud.endpoint
    ecs            = var.local_cloud.endpoint
    elbv2          = var.local_cloud.endpoint
    iam            = var.local_cloud.endpoint
    s3             = var.local_cloud.endpoint
    sts            = var.local_cloud.endpoint
  }
}

resource "aws_iam_role" "pulls" {
  name = "pulls"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_route53_zone" "shop" {
  name = "shop.example.com"
}

module "east" {
  source        = "./side"
  cluster       = "production"
  load_balancer = "public"
  role          = aws_iam_role.pulls.arn
  orders        = "shop-orders-east"
  bounds        = [2, 10]
}

module "west" {
  source        = "./side"
  providers     = { aws = aws.west }
  cluster       = "production-west"
  load_balancer = "public-west"
  role          = aws_iam_role.pulls.arn
  orders        = "shop-orders-west"
  bounds        = [0, 0]
}

output "zone" {
  description = "The id of the zone that the shop is asked for in."
  value       = aws_route53_zone.shop.zone_id
}
