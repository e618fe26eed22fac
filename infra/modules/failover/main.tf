locals {
  account  = split(":", var.own.cluster)[4]
  sides    = [var.own, var.peer]
  services = flatten([for side in local.sides : [for service in values(side.services) : "${replace(side.cluster, ":cluster/", ":service/")}/${service.service}"]])

  # An execution's ARN is its machine's, with another word and the name.
  executions = "${replace(var.own.workflow, ":stateMachine:", ":execution:")}:*"
}

# Deliberately absent: route53, iam, bucket configuration, task definitions. Nothing here needs a control plane elsewhere.
module "function" {
  source   = "../function"
  name     = "${var.application}-failover"
  zip      = "failover"
  own      = var.own
  peer     = var.peer
  settings = var.settings
  memory   = 256
  timeout  = 120

  given_up = var.enabled ? "The failover function failed three times at the same event: an alarm of the other region may start nothing, or a replaced region not be fenced. Read its log; start by hand where users are without service (docs/runbook.md)." : null

  statements = [
    {
      Effect   = "Allow"
      Action   = ["ecs:DescribeServices", "ecs:UpdateService"]
      Resource = local.services
    },
    # A scalable target's ARN holds a number that AWS makes up: the conditions keep to the tasks of ECS services.
    {
      Effect   = "Allow"
      Action   = "application-autoscaling:RegisterScalableTarget"
      Resource = [for side in local.sides : "arn:aws:application-autoscaling:${side.region}:${local.account}:scalable-target/*"]
      Condition = {
        StringEquals = {
          "application-autoscaling:service-namespace"  = "ecs"
          "application-autoscaling:scalable-dimension" = "ecs:service:DesiredCount"
        }
      }
    },
    # Describing them can only be allowed for all.
    {
      Effect   = "Allow"
      Action   = "application-autoscaling:DescribeScalableTargets"
      Resource = "*"
    },
    # What target groups say of their targets, and listeners of their rules, can only be allowed for all.
    {
      Effect   = "Allow"
      Action   = ["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTargetHealth"]
      Resource = "*"
    },
    # AWS makes up the names of rules: the tag keeps to those of gates. Their order can be changed, and nothing else of them.
    {
      Effect    = "Allow"
      Action    = "elasticloadbalancing:SetRulePriorities"
      Resource  = [for side in local.sides : "arn:aws:elasticloadbalancing:${side.region}:${local.account}:listener-rule/app/${var.load_balancers[side.region]}/*"]
      Condition = { StringEquals = { "aws:ResourceTag/Lifeboat" = "gate" } }
    },
    # Tasks have no fixed ARN; the condition keeps to the application's clusters.
    {
      Effect    = "Allow"
      Action    = ["ecs:ListTasks", "ecs:DescribeTasks"]
      Resource  = "*"
      Condition = { ArnEquals = { "ecs:cluster" = local.sides[*].cluster } }
    },
    {
      Effect   = "Allow"
      Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
      Resource = [for side in local.sides : "arn:aws:s3:::${side.markers_bucket}/*"]
    },
    {
      Effect = "Allow"
      Action = ["s3:GetObject", "s3:PutObject"]
      Resource = [
        "arn:aws:s3:::${var.own.control_bucket}/state.json",
        "arn:aws:s3:::${var.own.control_bucket}/told.json",
        "arn:aws:s3:::${var.own.control_bucket}/drill.json",
        # The other region's lie beside them as copies, and are never written here.
        "arn:aws:s3:::${var.own.backups_bucket}/reports/${var.own.region}/*",
      ]
    },
    {
      Effect = "Allow"
      Action = "s3:GetObject"
      Resource = [
        # What a backup consists of, and what of it is damaged; not what is in it.
        "arn:aws:s3:::${var.own.backups_bucket}/backups/*",
        "arn:aws:s3:::${var.own.control_bucket}/damaged.json",
        "arn:aws:s3:::${var.peer.control_bucket}/configuration.json",
        "arn:aws:s3:::${var.peer.control_bucket}/state.json",
        "arn:aws:s3:::${var.peer.control_bucket}/replies/*",
      ]
    },
    {
      Effect   = "Allow"
      Action   = "s3:ListBucket"
      Resource = [for bucket in concat([var.own.backups_bucket, var.peer.control_bucket], local.sides[*].markers_bucket) : "arn:aws:s3:::${bucket}"]
    },
    {
      Effect   = "Allow"
      Action   = "lambda:InvokeFunction"
      Resource = [var.own.functions.health_probe, var.peer.functions.backup]
    },
    {
      Effect   = "Allow"
      Action   = "states:StartExecution"
      Resource = var.own.workflow
    },
    {
      Effect   = "Allow"
      Action   = "states:DescribeExecution"
      Resource = local.executions
    },
    # A token names its execution, and can only be allowed for all.
    {
      Effect   = "Allow"
      Action   = "states:SendTaskSuccess"
      Resource = "*"
    },
    {
      Effect   = "Allow"
      Action   = "cloudwatch:DescribeAlarms"
      Resource = "*"
    },
    {
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = var.own.notices_topic
    },
  ]
}

# Both regions are told; the passive one rehearses.
module "drill" {
  count    = var.drill_schedule == null ? 0 : 1
  source   = "../rule"
  name     = "${var.application}-drill"
  function = module.function.live
  schedule = var.drill_schedule
  input    = { action = "rehearse" }
  enabled  = var.enabled
}

# A held decision is taken again each minute: an alarm speaks only when its state changes.
module "watch" {
  source   = "../rule"
  name     = "${var.application}-failover-watch"
  function = module.function.live
  schedule = "rate(1 minute)"
  input    = { action = "watch" }
  enabled  = var.enabled
}
