output "cluster" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}

output "templates" {
  description = "Family of each service's template. A service starts from its newest revision once somebody deploys that (aws ecs update-service --task-definition)."
  value       = { for service, definition in aws_ecs_task_definition.this : service => definition.family }
}

output "security_group" {
  description = "Security group of the tasks."
  value       = aws_security_group.tasks.id
}

output "roles" {
  description = "ARNs of the roles that the templates name, and that pins of them name too."
  value       = [aws_iam_role.execution.arn]
}
