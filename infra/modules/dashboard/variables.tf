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

variable "objectives" {
  description = "What the lines are drawn at, in seconds or days."
  type        = object({ rpo_seconds = number, proof_days = number, drill_days = number })
}

variable "alarms" {
  description = "ARNs of this region's alarms, the most urgent first."
  type        = list(string)
}
