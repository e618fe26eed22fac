# The outputs of home and standby; each of the two has this file as outputs.tf (a symbolic link).

output "region" {
  description = "The region of this root."
  value       = local.region
}

output "load_balancer" {
  description = "DNS name of the region's load balancer; null where there is none."
  value       = module.region.load_balancer
}

output "buckets" {
  description = "The region's buckets: control, backups, markers."
  value       = module.region.buckets
}

output "functions" {
  description = "Names of the region's functions."
  value       = module.region.functions
}

output "workflow" {
  description = "ARN of the region's failover workflow."
  value       = module.region.workflow
}

output "repositories" {
  description = "Where to push each service's image."
  value       = module.region.repositories
}

output "notices_topic" {
  description = "Topic that tells people; subscribe to it."
  value       = module.region.notices_topic
}
