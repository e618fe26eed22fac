# The cluster, and for each service a service and a template of the same name: the family that says how its tasks are started.
# What a service starts from, a revision of the template or a pin of it, belongs to whoever deploys, and in a passive region to
# image-sync, which pins each image by its digest in the family "<service>-pinned".

locals {
  account = data.aws_caller_identity.this.account_id

  # Where a container finds the service's folder. One without data sees none, so that it may run beside a restore.
  data = { for role, service in var.services : role => service.mounts ? ["/data"] : [] }
}

data "aws_caller_identity" "this" {}

resource "aws_ecs_cluster" "this" {
  name = var.application
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = var.services
  name              = "/ecs/${each.value.service}"
  retention_in_days = var.log_retention_days
}

# What starts the tasks: it pulls images and writes logs. The forum itself calls nothing of AWS, so it has no role.
resource "aws_iam_role" "execution" {
  name = "${var.application}-execution-${var.region}"

  # ECS names itself by region and account here, and not by cluster.
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:ecs:${var.region}:${local.account}:*" } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  name = "allowed"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:${var.region}:${local.account}:repository/${var.application}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
      },
    ]
  })
}

resource "aws_security_group" "tasks" {
  name        = "${var.application}-tasks-${var.region}"
  description = "The tasks, reached only through the load balancer"
  vpc_id      = var.network.vpc
}

resource "aws_vpc_security_group_ingress_rule" "load_balancer" {
  count                        = var.running ? 1 : 0
  security_group_id            = aws_security_group.tasks.id
  description                  = "From the load balancer"
  referenced_security_group_id = var.network.load_balancer_group
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_egress_rule" "anywhere" {
  security_group_id = aws_security_group.tasks.id
  description       = "Images, logs and the file system"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_ecs_task_definition" "this" {
  for_each = var.services
  family   = each.value.service
  # The service may start from an older revision until somebody deploys, and go back to one.
  skip_destroy             = true
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = upper(var.architecture)
  }

  container_definitions = jsonencode([{
    name                   = each.key
    image                  = each.value.image
    essential              = true
    readonlyRootFilesystem = true
    stopTimeout            = 30
    portMappings           = [{ containerPort = 8080, hostPort = 8080, protocol = "tcp" }]
    mountPoints            = [for path in local.data[each.key] : { sourceVolume = "data", containerPath = path, readOnly = false }]

    environment = concat([for path in local.data[each.key] : { name = "DATA", value = path }], [
      { name = "PORT", value = "8080" },
      { name = "ROLE", value = each.key },
    ])

    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = "task"
      }
    }
  }])

  dynamic "volume" {
    for_each = local.data[each.key]
    content {
      name      = "data"
      host_path = var.data_directory == null ? null : "${var.data_directory}/${each.key}"

      dynamic "efs_volume_configuration" {
        for_each = var.files[*]
        content {
          file_system_id     = efs_volume_configuration.value.file_system
          transit_encryption = "ENABLED"

          authorization_config {
            access_point_id = efs_volume_configuration.value.access_points[each.key]
          }
        }
      }
    }
  }

  # A task's own storage dies with the task, and the users' data with it.
  lifecycle {
    precondition {
      condition     = (var.files == null) != (var.data_directory == null)
      error_message = "local_cloud.data_directory must name a folder for ${var.region}; a task's own storage would lose the data."
    }
  }
}

resource "aws_ecs_service" "this" {
  for_each            = var.running ? var.services : {}
  name                = each.value.service
  cluster             = aws_ecs_cluster.this.id
  task_definition     = aws_ecs_task_definition.this[each.key].arn
  launch_type         = "FARGATE"
  desired_count       = each.value.desired_count
  propagate_tags      = "SERVICE"
  scheduling_strategy = "REPLICA"

  health_check_grace_period_seconds = 30

  network_configuration {
    subnets          = var.network.subnets
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = true
  }

  load_balancer {
    target_group_arn = var.target_groups[each.key]
    container_name   = each.key
    container_port   = 8080
  }

  # The number of tasks belongs to whoever fails over, what they are started from to whoever deploys or pins; the next apply must
  # not undo either.
  lifecycle {
    ignore_changes = [desired_count, task_definition]
  }

  depends_on = [aws_iam_role_policy.execution]
}
