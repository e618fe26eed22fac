output "urls" {
  description = "Where to push each repository's images."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}
