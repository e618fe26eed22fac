output "name" {
  description = "Name of the function."
  value       = module.function.name
}

output "alarms" {
  description = "ARNs of its alarms, the most urgent first."
  value = concat(
    aws_cloudwatch_metric_alarm.silent[*].arn,
    aws_cloudwatch_metric_alarm.two_active[*].arn,
    aws_cloudwatch_metric_alarm.not_ready[*].arn,
    aws_cloudwatch_metric_alarm.recovery_point[*].arn,
    aws_cloudwatch_metric_alarm.replication_lag[*].arn,
    aws_cloudwatch_metric_alarm.damaged[*].arn,
    aws_cloudwatch_metric_alarm.unproven[*].arn,
    aws_cloudwatch_metric_alarm.undrilled[*].arn,
    module.function.alarms,
  )
}
