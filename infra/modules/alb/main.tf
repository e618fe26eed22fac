# One load balancer for a region, one target group and one path rule for each service.

variable "name" {
  description = "Name of the load balancer."
  type        = string
}

variable "vpc" {
  description = "Id of the network."
  type        = string
}

variable "subnets" {
  description = "Ids of the public subnets."
  type        = list(string)
}

variable "services" {
  description = "Path prefix and target group of each service. Append only: the position is the rule's priority."
  type        = list(object({ path = string, target_group = string }))
}

variable "certificate_arn" {
  description = "Certificate; null means plain HTTP."
  type        = string
}

locals {
  ports = var.certificate_arn == null ? { http = 80 } : { http = 80, https = 443 }
}

resource "aws_security_group" "this" {
  name        = var.name
  description = "Users to the load balancer"
  vpc_id      = var.vpc
}

resource "aws_vpc_security_group_ingress_rule" "users" {
  for_each          = local.ports
  security_group_id = aws_security_group.this.id
  description       = "The forum is public"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_egress_rule" "tasks" {
  security_group_id = aws_security_group.this.id
  description       = "To the tasks, whose own group admits only this one"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_lb" "this" {
  name                       = var.name
  load_balancer_type         = "application"
  security_groups            = [aws_security_group.this.id]
  subnets                    = var.subnets
  drop_invalid_header_fields = true
}

# Healthy after ten seconds: the defaults take two and a half minutes of the recovery time.
resource "aws_lb_target_group" "this" {
  for_each             = { for service in var.services : service.path => service.target_group }
  name                 = each.value
  vpc_id               = var.vpc
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = 8080
  deregistration_delay = 10

  health_check {
    path                = "/health"
    matcher             = "200"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type = var.certificate_arn == null ? "fixed-response" : "redirect"

    dynamic "fixed_response" {
      for_each = var.certificate_arn == null ? [true] : []
      content {
        content_type = "text/plain"
        status_code  = "404"
      }
    }

    dynamic "redirect" {
      for_each = var.certificate_arn == null ? [] : [true]
      content {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count             = var.certificate_arn == null ? 0 : 1
  load_balancer_arn = aws_lb.this.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "service" {
  for_each     = { for position, service in var.services : service.path => position }
  listener_arn = one(concat(aws_lb_listener.https[*].arn, var.certificate_arn == null ? [aws_lb_listener.http.arn] : []))
  priority     = 10 * (1 + each.value)

  condition {
    path_pattern {
      values = ["/${each.key}", "/${each.key}/*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }
}

output "dns_name" {
  description = "DNS name of the load balancer."
  value       = aws_lb.this.dns_name
}

output "security_group" {
  description = "Security group of the load balancer."
  value       = aws_security_group.this.id
}

# Through the rule: a service is refused while its target group belongs to no load balancer.
output "target_groups" {
  description = "Target group ARN of each service."
  value       = { for service, rule in aws_lb_listener_rule.service : service => rule.action[0].target_group_arn }
}
