variable "repositories" {
  description = "Names of the image repositories."
  type        = set(string)
}

variable "disposable" {
  description = "Whether a repository may be destroyed with its images."
  type        = bool
}
