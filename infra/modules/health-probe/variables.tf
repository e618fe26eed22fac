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

variable "replicated" {
  description = "Whether this region's backups are copied to the other one."
  type        = bool
}

variable "rpo_seconds" {
  description = "How old the newest whole backup may be."
  type        = number
}

variable "drill_days" {
  description = "Days after which the last drill that passed is too old."
  type        = number
}

variable "proof_days" {
  description = "Days after which the last proof that a backup can be restored is too old."
  type        = number
}

variable "data" {
  description = "Of each service, where its data is and what holds it still, as it stands in configuration.json."
  type        = any
}

variable "secrets" {
  description = "ARNs of the secrets and parameters that this region's task definitions name."
  type        = list(string)
}

variable "enabled" {
  description = "Whether the region probes; one that does not has no alarms of what a probe tells."
  type        = bool
}
