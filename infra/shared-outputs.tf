# The outputs of home and standby; each of the two has this file as outputs.tf (a symbolic link).

output "region" {
  description = "The region of this root."
  value       = local.region
}

output "load_balancer" {
  description = "DNS name of the region's load balancer; null where there is none."
  value       = module.application.load_balancer
}

output "buckets" {
  description = "The region's buckets: control, backups, markers."
  value       = module.suite.buckets
}

output "functions" {
  description = "Names of the region's functions."
  value       = module.suite.functions
}

output "workflow" {
  description = "ARN of the region's failover workflow."
  value       = module.suite.workflow
}

output "repositories" {
  description = "Where to push each service's image."
  value       = module.application.repositories
}

output "notices_topic" {
  description = "Topic that tells people; subscribe to it."
  value       = module.suite.notices_topic
}
