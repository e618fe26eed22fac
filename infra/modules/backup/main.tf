variable "application" {
  description = "Starts every name."
  type        = string
}

variable "own" {
  description = "Names and ARNs of this region (an entry of the names module's regions)."
  type        = any
}

variable "peer" {
  description = "Names and ARNs of the other region."
  type        = any
}

variable "settings" {
  description = "What all functions share (see the function module)."
  type        = any
}

variable "schedule" {
  description = "How often a backup is taken."
  type        = string
}

variable "enabled" {
  description = "Whether the schedule runs."
  type        = bool
}

variable "replicated" {
  description = "Whether the bucket is copied to the other region."
  type        = bool
}

module "function" {
  source   = "../function"
  name     = "${var.application}-backup"
  zip      = "backup"
  own      = var.own
  settings = var.settings
  memory   = 512
  timeout  = 900

  # On AWS the function is in the network and reaches only its own region's S3, so nothing else is allowed either.
  statements = [
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = ["arn:aws:s3:::${var.own.backups_bucket}/*", "arn:aws:s3:::${var.own.control_bucket}/replies/*"]
    },
    {
      Effect   = "Allow"
      Action   = "s3:ListBucket"
      Resource = "arn:aws:s3:::${var.own.backups_bucket}"
    },
    # A salvage is not among what a prune may remove.
    {
      Effect   = "Allow"
      Action   = "s3:DeleteObject"
      Resource = [for prefix in ["backups", "packs", "replaced"] : "arn:aws:s3:::${var.own.backups_bucket}/${prefix}/*"]
    },
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = "arn:aws:s3:::${var.own.control_bucket}/prune.json"
    },
    # Handed from one invocation to the next, until the backup stands.
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      Resource = "arn:aws:s3:::${var.own.control_bucket}/unfinished.json"
    },
  ]
}

module "schedule" {
  source   = "../rule"
  name     = "${var.application}-backup"
  function = module.function.arn
  schedule = var.schedule
  input    = { action = "create" }
  enabled  = var.enabled
}

module "prune" {
  source   = "../rule"
  name     = "${var.application}-prune"
  function = module.function.arn
  schedule = "rate(1 day)"
  input    = { action = "prune" }
  enabled  = var.enabled
}

# An event is given up after three invocations, and not counted among the errors: an invocation whose time is over fails so that
# the next one follows, and nobody is woken while a large backup goes on.
resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.application}-backup-failed"
  alarm_description   = "The backup function failed three times at the same event: the recovery point grows older. Read its log. Unfinished there means that a backup needs more than three invocations, and goes on with the next schedule."
  namespace           = "AWS/Lambda"
  metric_name         = "AsyncEventsDropped"
  dimensions          = { FunctionName = module.function.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

resource "aws_cloudwatch_metric_alarm" "replication_failed" {
  count               = var.replicated ? 1 : 0
  alarm_name          = "${var.application}-replication-failed"
  alarm_description   = "S3 gave up copying objects to the other region. It does not try again: upload them anew."
  namespace           = "AWS/S3"
  metric_name         = "OperationsFailedReplication"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "ignore"
  alarm_actions       = [var.own.notices_topic]

  dimensions = {
    SourceBucket      = var.own.backups_bucket
    DestinationBucket = var.peer.backups_bucket
    RuleId            = "to-${var.peer.region}"
  }
}

output "arn" {
  description = "ARN of the function."
  value       = module.function.arn
}

output "name" {
  description = "Name of the function."
  value       = module.function.name
}
