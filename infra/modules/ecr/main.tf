variable "repositories" {
  description = "Names of the image repositories."
  type        = set(string)
}

variable "disposable" {
  description = "Whether a repository may be destroyed with its images."
  type        = bool
}

# Tags move here: what runs is told and copied by digest.
resource "aws_ecr_repository" "this" {
  for_each             = var.repositories
  name                 = each.key
  image_tag_mutability = "MUTABLE"
  force_delete         = var.disposable

  image_scanning_configuration {
    scan_on_push = true
  }
}

output "urls" {
  description = "Where to push each repository's images."
  value       = { for name, repository in aws_ecr_repository.this : name => repository.repository_url }
}
