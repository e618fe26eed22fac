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

output "gates" {
  description = "The rules of each service's gate, with their priorities while it is open and while it is closed."
  value = {
    for service in var.services : service.path => [
      for name, gate in local.gates : { rule = aws_lb_listener_rule.gate[name].arn, open = gate.open, closed = gate.closed } if gate.path == service.path
    ] if service.writes == "http"
  }
}
