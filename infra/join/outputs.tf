output "domain" {
  description = "The name the users ask for."
  value       = var.domain
}

output "zone_id" {
  description = "Id of the hosted zone."
  value       = module.dns.zone_id
}

output "name_servers" {
  description = "Delegate the domain to these at its parent."
  value       = module.dns.name_servers
}

output "health_checks" {
  description = "Id of each marker's health check, and of the one that decides; none without a standby."
  value       = module.dns.health_checks
}
