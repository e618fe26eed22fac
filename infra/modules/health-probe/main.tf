locals {
  account = split(":", var.own.cluster)[4]

  own_services  = [for service in values(var.own.services) : "${replace(var.own.cluster, ":cluster/", ":service/")}/${service.service}"]
  peer_services = [for service in values(var.peer.services) : "${replace(var.peer.cluster, ":cluster/", ":service/")}/${service.service}"]

  secrets = distinct(concat(
    [for arn in var.secrets : arn if split(":", arn)[2] == "secretsmanager"],
    [for service in values(var.data) : service.place.http.secret if try(service.place.http, null) != null],
    [for service in values(var.data) : service.hook.secret if try(service.hook, null) != null],
  ))
  parameters = [for arn in var.secrets : arn if split(":", arn)[2] == "ssm"]

  dimensions = { Application = var.application, Region = var.own.region }

  statements = concat([
    {
      Effect    = "Allow"
      Action    = "cloudwatch:PutMetricData"
      Resource  = "*"
      Condition = { StringEquals = { "cloudwatch:namespace" = "Lifeboat" } }
    },
    {
      Effect   = "Allow"
      Action   = "ecs:DescribeServices"
      Resource = concat(local.own_services, local.peer_services)
    },
    # The pull fence: this region's own services to zero and scaling closed, never the other's.
    {
      Effect   = "Allow"
      Action   = "ecs:UpdateService"
      Resource = local.own_services
    },
    {
      Effect   = "Allow"
      Action   = "application-autoscaling:RegisterScalableTarget"
      Resource = "arn:aws:application-autoscaling:${var.own.region}:${local.account}:scalable-target/*"
      Condition = {
        StringEquals = {
          "application-autoscaling:service-namespace"  = "ecs"
          "application-autoscaling:scalable-dimension" = "ecs:service:DesiredCount"
        }
      }
    },
    {
      Effect   = "Allow"
      Action   = "application-autoscaling:DescribeScalableTargets"
      Resource = "*"
    },
    # What tasks are started from, where they would have room, and where they would be reached. None of these can be allowed for
    # one resource, and all of them only describe.
    {
      Effect = "Allow"
      Action = [
        "cloudwatch:GetMetricStatistics",
        "ec2:DescribeSubnets",
        "ecs:DescribeTaskDefinition",
        "elasticloadbalancing:DescribeRules",
        "elasticloadbalancing:DescribeTargetGroups",
      ]
      Resource = "*"
    },
    {
      Effect   = "Allow"
      Action   = "servicequotas:GetServiceQuota"
      Resource = "arn:aws:servicequotas:${var.own.region}:${local.account}:fargate/L-3032A538"
    },
    {
      Effect   = "Allow"
      Action   = "ecr:DescribeImages"
      Resource = [for service in values(var.own.services) : "arn:aws:ecr:${var.own.region}:${local.account}:repository/${service.repository}"]
    },
    {
      Effect = "Allow"
      Action = ["s3:GetObject", "s3:PutObject"]
      Resource = [
        "arn:aws:s3:::${var.own.control_bucket}/state.json",
        "arn:aws:s3:::${var.own.control_bucket}/status.json",
      ]
    },
    # It raises its own fence, and removes a reclaim that was left over.
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      Resource = "arn:aws:s3:::${var.own.markers_bucket}/*"
    },
    {
      Effect = "Allow"
      Action = "s3:GetObject"
      Resource = [
        "arn:aws:s3:::${var.own.control_bucket}/replication.json",
        # What a backup consists of; not what is in it.
        "arn:aws:s3:::${var.own.backups_bucket}/backups/*",
        "arn:aws:s3:::${var.own.control_bucket}/damaged.json",
        "arn:aws:s3:::${var.own.control_bucket}/drill.json",
        "arn:aws:s3:::${var.own.control_bucket}/images.json",
        "arn:aws:s3:::${var.own.control_bucket}/proof.json",
        "arn:aws:s3:::${var.peer.control_bucket}/state.json",
        "arn:aws:s3:::${var.peer.control_bucket}/status.json",
        "arn:aws:s3:::${var.peer.markers_bucket}/*",
      ]
    },
    {
      Effect = "Allow"
      Action = "s3:ListBucket"
      Resource = [
        for bucket in [var.own.backups_bucket, var.own.markers_bucket, var.peer.control_bucket, var.peer.markers_bucket] : "arn:aws:s3:::${bucket}"
      ]
    },
    ],
    # Whether they are there, and never what they hold: a parameter can only be asked for among all, and only so without its value.
    [for secret in local.secrets : {
      Effect   = "Allow"
      Action   = "secretsmanager:DescribeSecret"
      Resource = secret
    }],
    length(local.parameters) == 0 ? [] : [{
      Effect   = "Allow"
      Action   = "ssm:DescribeParameters"
      Resource = "*"
    }],
  )
}

module "function" {
  source   = "../function"
  name     = "${var.application}-health-probe"
  zip      = "health-probe"
  own      = var.own
  peer     = var.peer
  settings = var.settings
  memory   = 256
  timeout  = 60

  given_up   = var.enabled ? "The probe failed three times at the same event: this region may not see that the other one is down, nor that it could not take over. Read its log." : null
  statements = local.statements
}

module "schedule" {
  source   = "../rule"
  name     = "${var.application}-health-probe"
  function = module.function.live
  schedule = "rate(1 minute)"
  input    = { action = "probe" }
  enabled  = var.enabled
}

resource "aws_cloudwatch_metric_alarm" "silent" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-probe-silent"
  alarm_description   = "The probe has not run for three minutes: nobody watches the other region. Look at the probe's schedule and log."
  namespace           = "Lifeboat"
  metric_name         = "ProbeRuns"
  dimensions          = local.dimensions
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "breaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.silent
  to   = aws_cloudwatch_metric_alarm.silent[0]
}

resource "aws_cloudwatch_metric_alarm" "not_ready" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-not-ready"
  alarm_description   = "This region could not take over now. `lifeboat status` and status.json of the control bucket name the reasons, the runbook what to do for each (A region is not ready)."
  namespace           = "Lifeboat"
  metric_name         = "Ready"
  dimensions          = local.dimensions
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.not_ready
  to   = aws_cloudwatch_metric_alarm.not_ready[0]
}

# The two know of each other by their states, and the lower epoch gives way within two minutes: a minute of it is a failover.
resource "aws_cloudwatch_metric_alarm" "two_active" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-two-active"
  alarm_description   = "Both regions have called themselves active for five minutes, and the one of the lower epoch has not fenced itself: users' writes may go to both. See `lifeboat status`: stop the services of the region with the lower epoch (docs/runbook.md)."
  namespace           = "Lifeboat"
  metric_name         = "TwoActive"
  dimensions          = local.dimensions
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.two_active
  to   = aws_cloudwatch_metric_alarm.two_active[0]
}

# Only a passive region tells it. Of one without any backup it is silence, and "not-ready" speaks.
resource "aws_cloudwatch_metric_alarm" "recovery_point" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-recovery-point"
  alarm_description   = "The newest backup that is whole in this region is older than the recovery point objective: a failover now would lose more than was promised. See whether backups are taken (`lifeboat backup list`) and come here (the other region's replication-lag)."
  namespace           = "Lifeboat"
  metric_name         = "BackupAgeSeconds"
  dimensions          = local.dimensions
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.rpo_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.recovery_point
  to   = aws_cloudwatch_metric_alarm.recovery_point[0]
}

# S3 copies nearly everything within fifteen minutes, and what it gave up is written again.
resource "aws_cloudwatch_metric_alarm" "replication_lag" {
  count               = var.enabled && var.replicated ? 1 : 0
  alarm_name          = "${var.application}-replication-lag"
  alarm_description   = "A backup of this region has not come to the other one for half an hour: it would be lost with this region. See what the backup function's follow says."
  namespace           = "Lifeboat"
  metric_name         = "ReplicationLagSeconds"
  dimensions          = local.dimensions
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1800
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

# A region that became passive a moment ago has its turn first: a proof is due daily.
resource "aws_cloudwatch_metric_alarm" "unproven" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-unproven"
  alarm_description   = "For days no backup was restored here to prove that it can be. proof.json of the control bucket says how the last try went, the backup function's log why."
  namespace           = "Lifeboat"
  metric_name         = "ProofAgeSeconds"
  dimensions          = local.dimensions
  statistic           = "Minimum"
  period              = 3600
  evaluation_periods  = 24
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.proof_days * 86400
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.unproven
  to   = aws_cloudwatch_metric_alarm.unproven[0]
}

resource "aws_cloudwatch_metric_alarm" "undrilled" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-undrilled"
  alarm_description   = "No drill has passed in this region for longer than drill_days: nobody knows that it could still take over. `lifeboat report list` says what became of the last; then `lifeboat test-dr --start`."
  namespace           = "Lifeboat"
  metric_name         = "DrillAgeSeconds"
  dimensions          = local.dimensions
  statistic           = "Minimum"
  period              = 3600
  evaluation_periods  = 24
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.drill_days * 86400
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.undrilled
  to   = aws_cloudwatch_metric_alarm.undrilled[0]
}

# It lasts for as long as something is on the record, so that nobody misses it because a second try went well.
resource "aws_cloudwatch_metric_alarm" "damaged" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-damaged"
  alarm_description   = "A part of this region's backups was read and is damaged, or is gone: damaged.json of the control bucket names it. Bring it back from the other region, as the backup function's log says, then verify the backup."
  namespace           = "Lifeboat"
  metric_name         = "DamagedObjects"
  dimensions          = local.dimensions
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 5
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.damaged
  to   = aws_cloudwatch_metric_alarm.damaged[0]
}
