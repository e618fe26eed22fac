output "name" {
  description = "Name of the function."
  value       = module.function.name
}

output "workflow" {
  description = "ARN of the workflow."
  value       = aws_sfn_state_machine.this.arn
}

output "notices_topic" {
  description = "ARN of the topic for people."
  value       = aws_sns_topic.notices.arn
}

output "alarms" {
  description = "ARNs of its alarms, the most urgent first."
  value       = concat(aws_cloudwatch_metric_alarm.active_region_down[*].arn, aws_cloudwatch_metric_alarm.execution_failed[*].arn, module.function.alarms)
}
