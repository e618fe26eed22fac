variable "domain" {
  description = "The name the users ask for."
  type        = string
}

variable "zone" {
  description = "Id of a hosted zone that is there already and holds the domain; null makes one of the domain's name."
  type        = string
}

variable "home" {
  description = "The home region: its name, its markers bucket, its load balancer (DNS name and zone), and the host that is made to lead there; null where one does already."
  type        = object({ region = string, markers_bucket = string, load_balancer = object({ dns_name = string, zone_id = string }), host = string })
}

variable "standby" {
  description = "The standby region, described the same way; load_balancer is null while there is none."
  type        = object({ region = string, markers_bucket = string, load_balancer = object({ dns_name = string, zone_id = string }), host = string })
}

variable "settling_seconds" {
  description = "How long new health checks take until they tell what they look at."
  type        = number
}

variable "disposable" {
  description = "Whether the zone may be destroyed with records in it."
  type        = bool
}
