# What a module with resources works with; each has this file as versions.tf (a symbolic link). The roots say which release is taken.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}
