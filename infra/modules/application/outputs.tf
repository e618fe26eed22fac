output "load_balancer" {
  description = "DNS name of the load balancer; null where there is none."
  value       = one(module.alb[*].dns_name)
}

output "repositories" {
  description = "Where to push each repository's images."
  value       = module.ecr.urls
}

output "gates" {
  description = "The rules of each service's gate (see the alb module)."
  value       = var.running ? module.alb[0].gates : {}
}

output "mount" {
  description = "What the backup function mounts, and where it runs for that (see the files module); null in the local cloud."
  value       = one(module.files[*].function)
}

output "roles" {
  description = "ARNs of the roles that the templates name, and that pins of them name too."
  value       = module.ecs.roles
}
