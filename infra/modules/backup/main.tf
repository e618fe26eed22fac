locals {
  buckets = [for service in values(var.data) : service.place.bucket if try(service.place.bucket, null) != null]
  secrets = distinct(concat(
    [for service in values(var.data) : service.place.http.secret if try(service.place.http, null) != null],
    [for service in values(var.data) : service.hook.secret if try(service.hook, null) != null],
  ))
}

module "function" {
  source   = "../function"
  name     = "${var.application}-backup"
  zip      = "backup"
  own      = var.own
  settings = var.settings
  memory   = 512
  timeout  = 900
  scratch  = var.scratch
  mount    = var.mount
  given_up = "The backup function failed three times at the same event: the recovery point grows older. Read its log. Unfinished there means that a backup, a prune or a copy needs more than three invocations, and goes on with the next schedule."

  # Its own region's S3, and what services have elsewhere in this region.
  statements = concat([
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
    # Locks are read, and made longer for what newer backups build on and for copies that are kept.
    {
      Effect   = "Allow"
      Action   = ["s3:GetObjectRetention", "s3:PutObjectRetention"]
      Resource = "arn:aws:s3:::${var.own.backups_bucket}/*"
    },
    # A salvage is not among what a prune may remove.
    {
      Effect   = "Allow"
      Action   = "s3:DeleteObject"
      Resource = [for prefix in ["backups", "kept", "packs", "replaced"] : "arn:aws:s3:::${var.own.backups_bucket}/${prefix}/*"]
    },
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject"]
      Resource = [for key in ["damaged", "placed", "proof", "prune", "replication"] : "arn:aws:s3:::${var.own.control_bucket}/${key}.json"]
    },
    # The probe sees whether tasks run, and the other region.
    {
      Effect   = "Allow"
      Action   = "s3:GetObject"
      Resource = "arn:aws:s3:::${var.own.control_bucket}/status.json"
    },
    # Handed from one invocation to the next, until the backup stands.
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      Resource = "arn:aws:s3:::${var.own.control_bucket}/unfinished.json"
    },
    ],
    [for data in local.buckets : {
      Effect   = "Allow"
      Action   = ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject", "s3:PutObjectTagging"]
      Resource = "arn:aws:s3:::${data.bucket}/${data.prefix}*"
    }],
    [for data in local.buckets : {
      Effect    = "Allow"
      Action    = "s3:ListBucket"
      Resource  = "arn:aws:s3:::${data.bucket}"
      Condition = { StringLike = { "s3:prefix" = "${data.prefix}*" } }
    }],
    [for secret in local.secrets : {
      Effect   = "Allow"
      Action   = "secretsmanager:GetSecretValue"
      Resource = secret
    }],
  )
}

module "schedule" {
  source   = "../rule"
  name     = "${var.application}-backup"
  function = module.function.live
  schedule = var.schedule
  input    = { action = "create" }
  enabled  = var.taken
}

module "follow" {
  source   = "../rule"
  name     = "${var.application}-follow"
  function = module.function.live
  schedule = "rate(5 minutes)"
  input    = { action = "follow" }
  enabled  = var.taken && var.replicated
}

# What came here is kept and removed by its age whatever becomes of the standby: nobody else does either.
module "keep" {
  source   = "../rule"
  name     = "${var.application}-keep"
  function = module.function.live
  schedule = "rate(1 day)"
  input    = { action = "keep" }
  enabled  = true
}

module "refresh" {
  source   = "../rule"
  name     = "${var.application}-refresh"
  function = module.function.live
  schedule = var.refresh_schedule
  input    = { action = "refresh" }
  enabled  = var.enabled
}

module "prove" {
  source   = "../rule"
  name     = "${var.application}-prove"
  function = module.function.live
  schedule = "rate(1 day)"
  input    = { action = "prove" }
  enabled  = var.enabled
}

module "prune" {
  source   = "../rule"
  name     = "${var.application}-prune"
  function = module.function.live
  schedule = "rate(1 day)"
  input    = { action = "prune" }
  enabled  = true
}

moved {
  from = aws_cloudwatch_metric_alarm.failed
  to   = module.function.aws_cloudwatch_metric_alarm.failed
}
