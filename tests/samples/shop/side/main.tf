# Of one region.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

variable "cluster" {
  description = "Its cluster's name."
  type        = string
}

variable "load_balancer" {
  description = "Its load balancer's name."
  type        = string
}

variable "role" {
  description = "What pulls the images."
  type        = string
}

variable "orders" {
  description = "The bucket of the orders."
  type        = string
}

variable "bounds" {
  description = "Between which numbers of tasks each service is scaled."
  type        = list(number)
}

locals {
  # ECS service => repository and template
  services = {
    users-service  = { repository = "team/users", template = "users-service" }
    orders-service = { repository = "team/orders", template = "orders" }
  }
}

data "aws_availability_zones" "these" {}

resource "aws_vpc" "this" {
  cidr_block = "10.9.0.0/16"
  tags       = { Name = "shop" }
}

resource "aws_subnet" "zone" {
  count             = 2
  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, count.index)
  availability_zone = data.aws_availability_zones.these.names[count.index]
}

resource "aws_security_group" "shop" {
  name   = "shop"
  vpc_id = aws_vpc.this.id
}

resource "aws_lb" "public" {
  name            = var.load_balancer
  subnets         = aws_subnet.zone[*].id
  security_groups = [aws_security_group.shop.id]
  tags            = { Team = "edge" }
}

resource "aws_lb_target_group" "service" {
  for_each    = local.services
  name        = each.key
  port        = 8080
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = aws_vpc.this.id
}

resource "aws_lb_listener" "public" {
  load_balancer_arn = aws_lb.public.arn
  port              = 80

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.service["users-service"].arn
  }
}

resource "aws_ecr_repository" "service" {
  for_each = local.services
  name     = each.value.repository
}

resource "aws_ecs_cluster" "production" {
  name = var.cluster
  tags = { Team = "platform" }
}

resource "aws_ecs_task_definition" "service" {
  for_each                 = local.services
  family                   = each.value.template
  cpu                      = 256
  memory                   = 512
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  execution_role_arn       = var.role

  container_definitions = jsonencode([{
    name         = "app"
    image        = "${aws_ecr_repository.service[each.key].repository_url}:stable"
    essential    = true
    portMappings = [{ containerPort = 8080, protocol = "tcp" }]
  }])
}

# No task, because the test needs no Docker engine; what executions change is theirs, as the example's README asks.
resource "aws_ecs_service" "service" {
  for_each        = local.services
  name            = each.key
  cluster         = aws_ecs_cluster.production.id
  task_definition = aws_ecs_task_definition.service[each.key].arn
  desired_count   = 0
  launch_type     = "FARGATE"

  network_configuration {
    subnets         = aws_subnet.zone[*].id
    security_groups = [aws_security_group.shop.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.service[each.key].arn
    container_name   = "app"
    container_port   = 8080
  }

  lifecycle {
    ignore_changes = [desired_count, task_definition]
  }

  depends_on = [aws_lb_listener.public]
}

resource "aws_appautoscaling_target" "service" {
  for_each           = local.services
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.production.name}/${aws_ecs_service.service[each.key].name}"
  min_capacity       = var.bounds[0]
  max_capacity       = var.bounds[1]
}

resource "aws_s3_bucket" "orders" {
  bucket = var.orders
}
