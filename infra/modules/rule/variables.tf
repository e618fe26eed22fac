variable "name" {
  description = "Name of the rule."
  type        = string
}

variable "function" {
  description = "The function's alias (see the function module's output live)."
  type        = object({ arn = string, function = string, alias = string })
}

variable "schedule" {
  description = "Schedule expression; null when a pattern is given."
  type        = string
  default     = null
}

variable "input" {
  description = "What a schedule sends; null sends the event itself."
  type        = any
  default     = null
}

variable "pattern" {
  description = "Event pattern; null when a schedule is given."
  type        = any
  default     = null
}

variable "enabled" {
  description = "Whether the rule fires."
  type        = bool
}
