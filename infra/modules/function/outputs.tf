output "live" {
  description = "What invokes the function: the ARN of its alias, and the two names that it is made of."
  value       = { arn = aws_lambda_alias.live.arn, function = aws_lambda_function.this.function_name, alias = aws_lambda_alias.live.name }
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name
}

output "alarms" {
  description = "ARN of the alarm that says that an event was given up; none where it has none."
  value       = aws_cloudwatch_metric_alarm.failed[*].arn
}
