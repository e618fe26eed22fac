locals {
  account = split(":", var.own.cluster)[4]

  # A role's policies have room for 10,240 characters, so an application's parts are named together where they can be.
  own_services  = [for service in var.own.granted.services : "${replace(var.own.cluster, ":cluster/", ":service/")}/${service}"]
  peer_services = [for service in var.peer.granted.services : "${replace(var.peer.cluster, ":cluster/", ":service/")}/${service}"]

  sides = { own = var.own, peer = var.peer }

  # A star means the same to the function, to a policy and to EventBridge.
  repositories = {
    for word, side in local.sides : word => {
      services = [for repository in side.granted.repositories : "arn:aws:ecr:${side.region}:${local.account}:repository/${repository}"]
      patterns = [for pattern in var.patterns : "arn:aws:ecr:${side.region}:${local.account}:repository/${pattern}"]
    }
  }

  heard = concat(
    [for service in values(var.own.services) : service.repository],
    [for pattern in var.patterns : pattern if !strcontains(pattern, "*")],
    [for pattern in var.patterns : { wildcard = pattern } if strcontains(pattern, "*")],
  )

  statements = concat(
    [
      {
        Effect    = "Allow"
        Action    = "cloudwatch:PutMetricData"
        Resource  = "*"
        Condition = { StringEquals = { "cloudwatch:namespace" = "Lifeboat" } }
      },
      {
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      # A service's image goes either way: a check fetches what is missing here.
      {
        Effect = "Allow"
        Action = [
          "ecr:BatchGetImage",
          "ecr:BatchCheckLayerAvailability",
          "ecr:DescribeImages",
          "ecr:GetDownloadUrlForLayer",
          "ecr:InitiateLayerUpload",
          "ecr:UploadLayerPart",
          "ecr:CompleteLayerUpload",
          "ecr:PutImage",
        ]
        Resource = concat(local.repositories.own.services, local.repositories.peer.services, local.repositories.peer.patterns)
      },
    ],
    [for patterns in [local.repositories.own.patterns] : {
      Effect = "Allow"
      Action = [
        "ecr:BatchGetImage",
        "ecr:BatchCheckLayerAvailability",
        "ecr:DescribeImages",
        "ecr:GetDownloadUrlForLayer",
      ]
      Resource = patterns
    } if length(patterns) > 0],
    # Which of them there are only the whole list says.
    [for patterns in [local.repositories.own.patterns] : {
      Effect   = "Allow"
      Action   = "ecr:DescribeRepositories"
      Resource = "*"
    } if length(patterns) > 0],
    [for patterns in [local.repositories.peer.patterns] : {
      Effect   = "Allow"
      Action   = "ecr:CreateRepository"
      Resource = patterns
    } if length(patterns) > 0 && var.create_repositories],
    [
      # Which digests run, in whichever region is active. Tasks have no fixed ARN; the condition keeps to the application's clusters.
      {
        Effect   = "Allow"
        Action   = "ecs:DescribeServices"
        Resource = concat(local.own_services, local.peer_services)
      },
      {
        Effect    = "Allow"
        Action    = ["ecs:ListTasks", "ecs:DescribeTasks"]
        Resource  = "*"
        Condition = { ArnEquals = { "ecs:cluster" = [var.own.cluster, var.peer.cluster] } }
      },
      # Task definitions can only be read by who may read all.
      {
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"]
        Resource = "*"
      },
      # Pins are this region's own: each region makes its own, so that a dead one keeps nobody from it.
      {
        Effect   = "Allow"
        Action   = "ecs:RegisterTaskDefinition"
        Resource = [for service in var.own.granted.services : "arn:aws:ecs:${var.own.region}:${local.account}:task-definition/${service}-pinned:*"]
      },
      {
        Effect   = "Allow"
        Action   = "ecs:UpdateService"
        Resource = local.own_services
      },
      {
        Effect    = "Allow"
        Action    = "iam:PassRole"
        Resource  = var.roles
        Condition = { StringEquals = { "iam:PassedToService" = "ecs-tasks.amazonaws.com" } }
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "arn:aws:s3:::${var.own.control_bucket}/images.json"
      },
    ],
    [for machine in var.workflow[*] : {
      Effect   = "Allow"
      Action   = "states:StartExecution"
      Resource = machine
    }],
  )
}

module "function" {
  source   = "../function"
  name     = "${var.application}-image-sync"
  zip      = "image-sync"
  own      = var.own
  settings = var.settings
  memory   = 512
  timeout  = 900

  given_up = var.enabled ? "The image-sync function failed three times at the same event: images may be missing in the other region, or a service there not be pinned to what runs. Read its log. Unfinished there means that it needs more than three invocations, and goes on with the next schedule." : null

  statements = local.statements
}

# Events are best effort, so the schedule finds what they missed.
module "reconcile" {
  source   = "../rule"
  name     = "${var.application}-image-sync-reconcile"
  function = module.function.live
  schedule = "rate(15 minutes)"
  input    = { action = "reconcile" }
  enabled  = var.enabled
}

# The same detail-type tells deletions and storage moves, hence action-type.
module "push" {
  source   = "../rule"
  name     = "${var.application}-image-sync-push"
  function = module.function.live
  enabled  = var.enabled

  pattern = {
    source        = ["aws.ecr"]
    "detail-type" = ["ECR Image Action"]
    detail = {
      "action-type"     = ["PUSH"]
      result            = ["SUCCESS"]
      "repository-name" = local.heard
    }
  }
}

moved {
  from = aws_cloudwatch_metric_alarm.failed
  to   = module.function.aws_cloudwatch_metric_alarm.failed
}

# A reconcile tells it each quarter of an hour. One that is told once, of what has come meanwhile, wakes nobody.
resource "aws_cloudwatch_metric_alarm" "lag" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-image-lag"
  alarm_description   = "An image that was pushed here half an hour ago or earlier is not whole in the other region, which could not start it. See what the image-sync function's reconcile says; ImageLag by Repository says where."
  namespace           = "Lifeboat"
  metric_name         = "ImageLag"
  dimensions          = { Application = var.application, Region = var.own.region }
  statistic           = "Maximum"
  period              = 900
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 1800
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.lag
  to   = aws_cloudwatch_metric_alarm.lag[0]
}

# Told by each reconcile of a passive region to which the active one does not answer, and else not at all: so it costs nothing while
# all is well, and no data is good news. Whether reconciles run at all is the record's age, which costs readiness.
resource "aws_cloudwatch_metric_alarm" "peer" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-image-peer-silent"
  alarm_description   = "For most of an hour image-sync here could not ask the active region what runs there: the last pins stand for it, and a version that was deployed meanwhile is not ready here. If that region is down, move to this one. Else see what the function's log says: a right that its role lacks, or ECS there."
  namespace           = "Lifeboat"
  metric_name         = "PeerSilent"
  dimensions          = { Application = var.application, Region = var.own.region }
  statistic           = "Maximum"
  period              = 900
  evaluation_periods  = 4
  datapoints_to_alarm = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.own.notices_topic]
}

moved {
  from = aws_cloudwatch_metric_alarm.peer
  to   = aws_cloudwatch_metric_alarm.peer[0]
}
