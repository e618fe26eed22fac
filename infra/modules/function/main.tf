# What every function has: a role that reads its configuration and its region's state, writes its log and does what its statements allow; a log
# group; the code, each state of it as a version of its own; and the alias by which everything invokes it.

locals {
  package = "${var.settings.directory}/${var.zip}.zip"

  # s3:ListBucket makes an object that is not there answer "not found"; without it S3 says "denied", which looks like a fault.
  common_statements = [
    {
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.this.arn}:*"
    },
    {
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = [for key in ["configuration.json", "state.json"] : "arn:aws:s3:::${var.own.control_bucket}/${key}"]
    },
    {
      Effect   = "Allow"
      Action   = "s3:ListBucket"
      Resource = "arn:aws:s3:::${var.own.control_bucket}"
    },
  ]

  # Lambda itself makes the network interfaces by the function's role; the function may not.
  mount_statements = flatten([for mount in var.mount[*] : [
    {
      Effect    = "Allow"
      Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
      Resource  = mount.file_system
      Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = mount.access_point } }
    },
    {
      Effect = "Allow"
      Action = [
        "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
      ]
      Resource = "*"
    },
    {
      Effect = "Deny"
      Action = [
        "ec2:AssignPrivateIpAddresses", "ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets", "ec2:UnassignPrivateIpAddresses",
      ]
      Resource  = "*"
      Condition = { ArnLike = { "lambda:SourceFunctionArn" = [for end in ["", ":*"] : "arn:aws:lambda:${var.own.region}:*:function:${var.name}${end}"] } }
    },
  ]])

  # S3 asks KMS in the caller's name, and with bucket keys it speaks of the bucket. Which objects, the rights to S3 say. The other
  # region's key is good for its control bucket alone.
  key_statements = concat(
    [for keys in [var.own.kms.readable] : {
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource = keys
      Condition = {
        StringEquals = {
          "kms:ViaService"                   = "s3.${var.own.region}.amazonaws.com"
          "kms:EncryptionContext:aws:s3:arn" = [for bucket in [var.own.control_bucket, var.own.backups_bucket] : "arn:aws:s3:::${bucket}"]
        }
      }
    } if length(keys) > 0],
    [for peer in var.peer[*] : {
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = peer.kms.readable
      Condition = {
        StringEquals = {
          "kms:ViaService"                   = "s3.${peer.region}.amazonaws.com"
          "kms:EncryptionContext:aws:s3:arn" = "arn:aws:s3:::${peer.control_bucket}"
        }
      }
    } if length(peer.kms.readable) > 0],
  )
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.settings.log_retention_days
}

# Role names are global: the region keeps the two regions' roles apart.
resource "aws_iam_role" "this" {
  name = "${var.name}-${var.own.region}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = split(":", var.own.cluster)[4] } }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "allowed"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.common_statements, local.key_statements, local.mount_statements, var.statements) })
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  role             = aws_iam_role.this.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.settings.architecture]
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  publish          = true
  memory_size      = var.memory
  timeout          = var.timeout

  dynamic "ephemeral_storage" {
    for_each = var.scratch > 512 ? [var.scratch] : []
    content {
      size = ephemeral_storage.value
    }
  }

  dynamic "vpc_config" {
    for_each = var.mount[*]
    content {
      subnet_ids         = vpc_config.value.subnets
      security_group_ids = vpc_config.value.security_groups
    }
  }

  dynamic "file_system_config" {
    for_each = var.mount[*]
    content {
      arn              = file_system_config.value.access_point
      local_mount_path = "/mnt/data"
    }
  }

  environment {
    variables = {
      CONTROL_BUCKET    = var.own.control_bucket
      CONFIGURATION_KEY = "configuration.json"
      RUST_LOG          = var.settings.log_level

      # A function's memory is what it costs: one heap for all threads, and what is large goes back at once.
      MALLOC_ARENA_MAX       = "1"
      MALLOC_MMAP_THRESHOLD_ = "4194304"
    }
  }

  # The level is the function's own business: Lambda drops by level too, and takes a line without a time of its own for "info".
  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  depends_on = [aws_iam_role_policy.this]
}

# Where it stands belongs to deployments and to whoever rolls one back, and an apply must not undo that. It is moved by Lambda of its
# own region alone, so also while the other region, and with it perhaps IAM's control plane, is gone.
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.this.function_name
  function_version = aws_lambda_function.this.version

  lifecycle {
    ignore_changes = [description, function_version]
  }
}

# An event is given up after three invocations, and not counted among the errors: one whose time is over fails so that the next one
# follows, and nobody is woken while much work goes on.
resource "aws_cloudwatch_metric_alarm" "failed" {
  count               = length(var.given_up[*])
  alarm_name          = "${var.name}-failed"
  alarm_description   = var.given_up
  namespace           = "AWS/Lambda"
  metric_name         = "AsyncEventsDropped"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.failed
  to   = aws_cloudwatch_metric_alarm.failed[0]
}
