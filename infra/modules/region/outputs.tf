output "load_balancer" {
  description = "DNS name of the load balancer; null where there is none."
  value       = module.application.load_balancer
}

output "buckets" {
  description = "The region's buckets."
  value       = module.suite.buckets
}

output "functions" {
  description = "Names of the functions."
  value       = module.suite.functions
}

output "workflow" {
  description = "ARN of the workflow."
  value       = module.suite.workflow
}

output "repositories" {
  description = "Where to push each repository's images."
  value       = module.application.repositories
}

output "notices_topic" {
  description = "ARN of the topic for people."
  value       = module.suite.notices_topic
}
