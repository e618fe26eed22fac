# What every function has: a role that reads its configuration and its region's state, writes its log and does what its statements allow; a log
# group; the code.

variable "name" {
  description = "Name of the function."
  type        = string
}

variable "own" {
  description = "Names and ARNs of the function's own region (an entry of the names module's regions)."
  type        = any
}

variable "settings" {
  description = "What all functions share: where the zips are, their architecture, days that logs are kept."
  type        = object({ directory = string, architecture = string, log_retention_days = number })
}

variable "zip" {
  description = "Name of the zip, without its ending."
  type        = string
}

variable "scratch" {
  description = "Disk in MB; 512 costs nothing."
  type        = number
  default     = 512
}

variable "memory" {
  description = "Memory in MB."
  type        = number
}

variable "timeout" {
  description = "Seconds one invocation may take."
  type        = number
}

variable "statements" {
  description = "Policy statements beyond what every function may do."
  type        = any
}

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
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.settings.log_retention_days
}

# Role names are global: the region keeps the two regions' roles apart.
resource "aws_iam_role" "this" {
  name = "${var.name}-${var.own.region}"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "lambda.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "this" {
  name   = "allowed"
  role   = aws_iam_role.this.id
  policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.common_statements, var.statements) })
}

resource "aws_lambda_function" "this" {
  function_name    = var.name
  role             = aws_iam_role.this.arn
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  architectures    = [var.settings.architecture]
  filename         = local.package
  source_code_hash = filebase64sha256(local.package)
  memory_size      = var.memory
  timeout          = var.timeout

  dynamic "ephemeral_storage" {
    for_each = var.scratch > 512 ? [var.scratch] : []
    content {
      size = ephemeral_storage.value
    }
  }

  environment {
    variables = {
      CONTROL_BUCKET    = var.own.control_bucket
      CONFIGURATION_KEY = "configuration.json"
      RUST_LOG          = "info"
    }
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.this.name
  }

  depends_on = [aws_iam_role_policy.this]
}

output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}
