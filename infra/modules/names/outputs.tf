output "account" {
  description = "Account number."
  value       = var.account
}

output "application" {
  description = "Starts every name."
  value       = var.application
}

output "domain" {
  description = "The name the users ask for."
  value       = var.domain
}

output "home" {
  description = "The home region."
  value       = var.home_region
}

output "standby" {
  description = "The standby region."
  value       = var.standby_region
}

output "regions" {
  description = "Names and ARNs of each region, as they stand in configuration.json, its keys, and what policies name."
  value       = local.regions
}

output "functions" {
  description = "Names of the functions, the same in both regions."
  value       = local.functions
}

output "image_workflows" {
  description = "ARN of each region's workflow that brings many images, where it has one."
  value       = { for region in keys(local.regions) : region => "arn:aws:states:${region}:${var.account}:stateMachine:${var.application}-image-sync" }
}

output "load_balancers" {
  description = "Name of each region's load balancer."
  value       = { for region, application in local.applications : region => application.load_balancer.name }
}
