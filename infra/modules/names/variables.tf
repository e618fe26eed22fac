variable "account" {
  description = "Account number."
  type        = string
}

variable "application" {
  description = "Starts every name."
  type        = string
}

variable "domain" {
  description = "The name the users ask for."
  type        = string
}

variable "home_region" {
  description = "The home region."
  type        = string
}

variable "standby_region" {
  description = "The standby region."
  type        = string
}

variable "services" {
  description = "Names of the services."
  type        = list(string)
}

variable "image_tag" {
  description = "The tag the services run."
  type        = string
}

variable "https" {
  description = "Whether the load balancers speak TLS."
  type        = bool
}

variable "kms_key_arn" {
  description = "Key of each region, where there are any."
  type        = map(string)
}

variable "kms_earlier_key_arns" {
  description = "Keys of each region that something may still be encrypted under."
  type        = map(list(string))
}

variable "existing" {
  description = "The application of each region as others made it (region => its names); null names it as the application module makes it."
  type = map(object({
    cluster       = string
    load_balancer = object({ name = string, address = string })
    services      = map(object({ service = string, repository = string, template = optional(string) }))
  }))
  default = null
}

variable "local_cloud" {
  description = "The emulated AWS; null means AWS itself."
  type        = object({ endpoint = string, registries = map(string) })
}
