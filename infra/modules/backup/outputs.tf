output "name" {
  description = "Name of the function."
  value       = module.function.name
}

output "alarms" {
  description = "ARNs of its alarms, the most urgent first."
  value       = module.function.alarms
}
