# Traffic moves by the markers alone: these records and checks are written once and never in a disaster.

locals {
  # Without one there is nothing to decide, and health checks are what costs most.
  standby = var.standby.load_balancer == null ? 0 : 1

  # A region that cannot be asked counts as if its marker were not there, except for reclaim, which must be seen.
  markers = {
    serve   = { side = var.standby, inverted = true }
    fenced  = { side = var.home, inverted = true }
    reclaim = { side = var.home, inverted = false }
  }

  regional = { for word, side in { home = var.home, standby = var.standby } : word => side if side.load_balancer != null && side.host != null }

  zone = coalesce(var.zone, one(aws_route53_zone.this[*].zone_id))
}

resource "aws_route53_zone" "this" {
  count         = var.zone == null ? 1 : 0
  name          = var.domain
  force_destroy = var.disposable
}

moved {
  from = aws_route53_zone.this
  to   = aws_route53_zone.this[0]
}

resource "aws_route53_health_check" "marker" {
  for_each           = { for marker, check in local.markers : marker => check if local.standby > 0 }
  type               = "HTTPS_STR_MATCH"
  search_string      = "lifeboat-marker-raised"
  fqdn               = "${each.value.side.markers_bucket}.s3.${each.value.side.region}.amazonaws.com"
  resource_path      = "/${each.key}"
  port               = 443
  enable_sni         = true
  request_interval   = 10
  failure_threshold  = 3
  invert_healthcheck = each.value.inverted
  tags               = { Name = "${var.domain} ${each.value.inverted ? "not " : ""}${each.key}" }

  # One that is given up goes after the record has been told so: what Route 53 makes of a check that is gone nobody can say.
  lifecycle {
    create_before_destroy = true
  }
}

# Home serves while at least two of these hold: not serve, not fenced, reclaim.
resource "aws_route53_health_check" "home_serves" {
  count                  = local.standby
  type                   = "CALCULATED"
  child_healthchecks     = [for check in aws_route53_health_check.marker : check.id]
  child_health_threshold = 2
  tags                   = { Name = "${var.domain} home serves" }

  lifecycle {
    create_before_destroy = true
  }
}

moved {
  from = aws_route53_health_check.home_serves
  to   = aws_route53_health_check.home_serves[0]
}

# A new inverted check counts as unhealthy at first, and so would home. A primary alone is answered even so; a secondary, which has no
# tasks, would be given the users until the checks have looked.
resource "terraform_data" "settled" {
  count            = local.standby
  triggers_replace = [for check in aws_route53_health_check.marker : check.id]

  provisioner "local-exec" {
    command = "sleep ${var.settling_seconds}"
  }
}

resource "aws_route53_record" "primary" {
  zone_id         = local.zone
  name            = var.domain
  type            = "A"
  set_identifier  = "home"
  health_check_id = one(aws_route53_health_check.home_serves[*].id)

  failover_routing_policy {
    type = "PRIMARY"
  }

  # With target health, Route 53 would move the users by itself.
  alias {
    name                   = var.home.load_balancer.dns_name
    zone_id                = var.home.load_balancer.zone_id
    evaluate_target_health = false
  }
}

# No health check: where the primary is not to serve, this is the answer. Made last and gone first.
resource "aws_route53_record" "secondary" {
  count          = local.standby
  zone_id        = local.zone
  name           = var.domain
  type           = "A"
  set_identifier = "standby"

  failover_routing_policy {
    type = "SECONDARY"
  }

  alias {
    name                   = var.standby.load_balancer.dns_name
    zone_id                = var.standby.load_balancer.zone_id
    evaluate_target_health = false
  }

  depends_on = [aws_route53_record.primary, terraform_data.settled]
}

# The regions' own names: how the probes look at a region, whoever serves.
resource "aws_route53_record" "regional" {
  for_each = local.regional
  zone_id  = local.zone
  name     = each.value.host
  type     = "A"

  alias {
    name                   = each.value.load_balancer.dns_name
    zone_id                = each.value.load_balancer.zone_id
    evaluate_target_health = false
  }
}
