output "zone_id" {
  description = "Id of the hosted zone."
  value       = local.zone
}

output "name_servers" {
  description = "Delegate the domain to these at its parent; null where the zone was there."
  value       = one(aws_route53_zone.this[*].name_servers)
}

output "health_checks" {
  description = "Id of each marker's health check, and of the one that decides; none without a standby."
  value       = merge({ for marker, check in aws_route53_health_check.marker : marker => check.id }, { for check in aws_route53_health_check.home_serves : "home_serves" => check.id })
}
