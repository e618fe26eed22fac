# The file system that a service's folder is on: tasks see their own folder, the backup function all of them, everybody over TLS and as
# the same user, so that what a restore writes is what a task may change. The folders come with the first mount.

locals {
  file_system = coalesce(var.file_system, one(aws_efs_file_system.this[*].id))
  clients     = { tasks = var.tasks_group, function = aws_security_group.function.id }

  # EFS lets nobody be root who comes through an access point.
  owner = 1000
}

data "aws_caller_identity" "this" {}

resource "aws_efs_file_system" "this" {
  count           = var.file_system == null ? 1 : 0
  encrypted       = true
  throughput_mode = "elastic"
  tags            = { Name = "${var.application}-data" }

  lifecycle {
    prevent_destroy = true
  }
}

# Only through the access points, only over TLS.
resource "aws_efs_file_system_policy" "this" {
  count          = length(aws_efs_file_system.this)
  file_system_id = aws_efs_file_system.this[0].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "ThroughAnAccessPoint"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = aws_efs_file_system.this[0].arn
        Condition = {
          Bool         = { "elasticfilesystem:AccessedViaMountTarget" = "true" }
          StringEquals = { "elasticfilesystem:AccessPointArn" = concat([aws_efs_access_point.function.arn], values(aws_efs_access_point.service)[*].arn) }
        }
      },
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = "*"
        Resource  = aws_efs_file_system.this[0].arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_efs_access_point" "function" {
  file_system_id = local.file_system
  tags           = { Name = "${var.application}-backup" }

  posix_user {
    uid = local.owner
    gid = local.owner
  }

  root_directory {
    path = "/${var.application}"

    creation_info {
      owner_uid   = local.owner
      owner_gid   = local.owner
      permissions = "0755"
    }
  }
}

resource "aws_efs_access_point" "service" {
  for_each       = var.services
  file_system_id = local.file_system
  tags           = { Name = "${var.application}-${each.key}" }

  posix_user {
    uid = local.owner
    gid = local.owner
  }

  root_directory {
    path = "/${var.application}/${each.key}"

    creation_info {
      owner_uid   = local.owner
      owner_gid   = local.owner
      permissions = "0755"
    }
  }
}

resource "aws_security_group" "this" {
  name        = "${var.application}-files"
  description = "The file system, reached by tasks and by the backup function"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each                     = local.clients
  security_group_id            = aws_security_group.this.id
  description                  = "NFS from the ${each.key}"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_security_group" "function" {
  name        = "${var.application}-backup"
  description = "The backup function, reached by nobody"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_egress_rule" "files" {
  security_group_id            = aws_security_group.function.id
  description                  = "NFS to the file system"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 2049
  to_port                      = 2049
}

resource "aws_vpc_security_group_egress_rule" "https" {
  security_group_id = aws_security_group.function.id
  description       = "S3 by the gateway endpoint, and services whose data is behind HTTP"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_efs_mount_target" "this" {
  for_each        = var.network.subnets
  file_system_id  = local.file_system
  subnet_id       = each.value
  security_groups = [aws_security_group.this.id]
}
