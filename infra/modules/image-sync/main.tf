variable "application" {
  description = "Starts every name."
  type        = string
}

variable "own" {
  description = "Names and ARNs of this region (an entry of the names module's regions)."
  type        = any
}

variable "peer" {
  description = "Names and ARNs of the other region."
  type        = any
}

variable "settings" {
  description = "What all functions share (see the function module)."
  type        = any
}

variable "enabled" {
  description = "Whether images are copied to the other region."
  type        = bool
}

locals {
  repositories = flatten([
    for side in [var.own, var.peer] : [
      for service in values(side.services) :
      "arn:aws:ecr:${side.region}:${split(":", side.cluster)[4]}:repository/${service.repository}"
    ]
  ])
}

module "function" {
  source   = "../function"
  name     = "${var.application}-image-sync"
  zip      = "image-sync"
  own      = var.own
  settings = var.settings
  memory   = 512
  timeout  = 900

  statements = [
    {
      Effect   = "Allow"
      Action   = "ecr:GetAuthorizationToken"
      Resource = "*"
    },
    {
      Effect = "Allow"
      Action = [
        "ecr:BatchGetImage",
        "ecr:BatchCheckLayerAvailability",
        "ecr:GetDownloadUrlForLayer",
        "ecr:InitiateLayerUpload",
        "ecr:UploadLayerPart",
        "ecr:CompleteLayerUpload",
        "ecr:PutImage",
      ]
      Resource = local.repositories
    },
  ]
}

# Events are best effort, so the schedule finds what they missed.
module "reconcile" {
  source   = "../rule"
  name     = "${var.application}-image-sync-reconcile"
  function = module.function.arn
  schedule = "rate(15 minutes)"
  input    = { action = "reconcile" }
  enabled  = var.enabled
}

# The same detail-type tells deletions and storage moves, hence action-type.
module "push" {
  source   = "../rule"
  name     = "${var.application}-image-sync-push"
  function = module.function.arn
  enabled  = var.enabled

  pattern = {
    source        = ["aws.ecr"]
    "detail-type" = ["ECR Image Action"]
    detail = {
      "action-type"     = ["PUSH"]
      result            = ["SUCCESS"]
      "repository-name" = [for service in values(var.own.services) : service.repository]
    }
  }
}

output "arn" {
  description = "ARN of the function."
  value       = module.function.arn
}

output "name" {
  description = "Name of the function."
  value       = module.function.name
}
