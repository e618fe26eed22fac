output "buckets" {
  description = "The region's buckets."
  value       = module.buckets.names
}

output "functions" {
  description = "Names of the functions."
  value = {
    backup       = module.backup.name
    image_sync   = module.image_sync.name
    health_probe = module.health_probe.name
    failover     = module.failover.name
  }
}

output "workflow" {
  description = "ARN of the workflow."
  value       = module.failover.workflow
}

output "notices_topic" {
  description = "ARN of the topic for people."
  value       = module.failover.notices_topic
}
