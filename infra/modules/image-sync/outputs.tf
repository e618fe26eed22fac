output "name" {
  description = "Name of the function."
  value       = module.function.name
}

output "alarms" {
  description = "ARNs of its alarms, the most urgent first."
  value       = concat(aws_cloudwatch_metric_alarm.lag[*].arn, aws_cloudwatch_metric_alarm.peer[*].arn, module.function.alarms)
}
