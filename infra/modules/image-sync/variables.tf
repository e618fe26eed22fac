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

variable "patterns" {
  description = "Patterns of the repositories whose images are copied beside those of the services."
  type        = list(string)
}

variable "create_repositories" {
  description = "Whether a repository of the patterns that the other region lacks is created there."
  type        = bool
}

variable "workflow" {
  description = "ARN of the workflow that brings many images; null where there is none."
  type        = string
}

variable "roles" {
  description = "ARNs of the roles that this region's task definitions name."
  type        = list(string)
}

variable "enabled" {
  description = "Whether images are copied to the other region."
  type        = bool
}
