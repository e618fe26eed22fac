variable "application" {
  description = "Starts every name."
  type        = string
}

variable "services" {
  description = "Each service by its role: its scalable target, between which numbers of tasks it moves at first, and at which it rests in a passive region."
  type        = map(object({ scalable_target = string, minimum = number, maximum = number, warm = number }))
}

variable "serving" {
  description = "Whether the region serves at first. One that does not is suspended, from its warm tasks to its warm tasks."
  type        = bool
}

variable "targets" {
  description = "Use in percent that is aimed at, by the metric's name."
  type        = map(number)
}
