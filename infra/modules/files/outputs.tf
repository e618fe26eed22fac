output "tasks" {
  description = "What a task definition mounts: the file system, and each service's access point."
  value       = { file_system = local.file_system, access_points = { for service, point in aws_efs_access_point.service : service => point.id } }
}

# A function is refused while no mount target is there.
output "function" {
  description = "What the backup function mounts, and where it runs for that."
  value = {
    file_system     = "arn:aws:elasticfilesystem:${var.region}:${data.aws_caller_identity.this.account_id}:file-system/${local.file_system}"
    access_point    = aws_efs_access_point.function.arn
    subnets         = values(var.network.subnets)
    security_groups = [aws_security_group.function.id]
  }
  depends_on = [aws_efs_mount_target.this]
}
