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

variable "load_balancers" {
  description = "Name of each region's load balancer."
  type        = map(string)
}

variable "settings" {
  description = "What all functions share (see the function module)."
  type        = any
}

variable "enabled" {
  description = "Whether the region watches the other one and may start by itself."
  type        = bool
}

variable "drill_schedule" {
  description = "When the passive region rehearses by itself; null for never."
  type        = string
}

variable "reminders" {
  description = "What people are reminded of, by name: a schedule expression and a text."
  type        = map(object({ schedule = string, text = string }))
}
