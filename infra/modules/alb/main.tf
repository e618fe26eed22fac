# One load balancer for a region, one target group and one path rule for each service, and a gate for those that declare that
# all their writes come by HTTP: rules that answer the methods that write with 503 once an execution moves them to the front.

locals {
  ports      = var.certificate_arn == null ? { http = 80 } : { http = 80, https = 443 }
  listener   = one(concat(aws_lb_listener.https[*].arn, var.certificate_arn == null ? [aws_lb_listener.http.arn] : []))
  priorities = { for position, service in var.services : service.path => 10 * (1 + position) }

  # AWS takes three values in a condition and five in a rule, and two are the paths: two rules for four methods. Open they
  # stand right behind the rule that forwards, which has the same paths and so is always asked first; closed right before it.
  gates = merge([
    for service in var.services : {
      for part, methods in [["POST", "PUT"], ["PATCH", "DELETE"]] : "${service.path}-${part + 1}" => {
        path    = service.path
        methods = methods
        open    = local.priorities[service.path] + 1 + part
        closed  = local.priorities[service.path] - 2 + part
      }
    } if service.writes == "http"
  ]...)
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
  for_each     = local.priorities
  listener_arn = local.listener
  priority     = each.value

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

# A load balancer's own answer has no headers of ours, so none says when to try again.
resource "aws_lb_listener_rule" "gate" {
  for_each     = local.gates
  listener_arn = local.listener
  priority     = each.value.open

  condition {
    path_pattern {
      values = ["/${each.value.path}", "/${each.value.path}/*"]
    }
  }

  condition {
    http_request_method {
      values = each.value.methods
    }
  }

  action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "503"
      message_body = "Nothing can be written for a moment. Try again."
    }
  }

  # By this executions may move it, and no other rule.
  tags = { Lifeboat = "gate" }

  # Where it stands belongs to executions; the next apply must not undo it.
  lifecycle {
    ignore_changes = [priority]
  }
}
