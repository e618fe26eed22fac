variable "application" {
  description = "Starts every name."
  type        = string
}

variable "source_names" {
  description = "Names of the region that is copied (an entry of the names module's regions)."
  type        = any
}

variable "destination_names" {
  description = "Names of the region that receives."
  type        = any
}
