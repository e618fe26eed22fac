# What the functions know, in their own region: environment variables are too small, and the other region may be gone.
resource "aws_s3_object" "configuration" {
  bucket       = module.buckets.names.control
  key          = "configuration.json"
  content_type = "application/json"

  # What nobody has configured is left out, so that a function of an earlier version reads it too.
  content = jsonencode(merge({
    schema      = 1
    application = var.application
    account     = var.account
    region      = var.region
    home        = var.home_region
    standby     = var.standby_region
    services = [
      for service in var.services : merge(
        { name = service.name, minimum = service.minimum, maximum = service.maximum, writes = local.writes[service.name], data = service.data == "none" ? "any" : service.data },
        { for word, data in { holds = service.data } : word => "nothing" if data == "none" },
        { for word, tasks in { warm = service.warm } : word => tasks if tasks > 0 },
        { for word, path in { health = service.health } : word => path if path != null },
      )
    ]

    rpo_seconds        = var.rpo_seconds
    rto_seconds        = var.rto_seconds
    cool_down_seconds  = var.cool_down_seconds
    daily_starts       = var.daily_starts
    automatic          = var.automatic && var.enable_dr
    automatic_failback = var.automatic_failback
    approval           = var.approval
    approval_seconds   = var.approval_seconds
    commit_seconds     = var.commit_seconds

    maintenance_windows   = var.maintenance_windows
    drill_blocked_windows = var.drill_blocked_windows
    down_quorum           = var.down_quorum

    look_interval_seconds = try(var.local_cloud.look_interval_seconds, 20)
    backup_retention_days = var.backup_retention_days
    backup_keep           = var.backup_keep
    object_lock           = var.enable_object_lock
    cross_region_backup   = var.enable_cross_region_backup
    data_directory        = coalesce(try(var.local_cloud.data_directory[var.region], null), "/mnt/data")

    regions = {
      for region, names in var.names.regions : region => merge(
        { for word, value in names : word => value if !contains(["region", "kms", "granted"], word) },
        { for word, hosts in { hosts = lookup(var.service_hosts, region, []) } : word => hosts if length(hosts) > 0 },
        { services = { for name, service in names.services : name => merge(service, local.service_data[region][name]) } },
      )
    }

    gates = var.gates

    traffic = merge(
      { domain = var.domain, name_servers = try(var.local_cloud.name_servers, []) },
      { for word, zone in { zone = var.zone } : word => zone if zone != null },
    )
    },
    { for word, patterns in { images = var.image_patterns } : word => patterns if length(patterns) > 0 },
    { for word, workflow in { image_workflow = local.image_workflow } : word => workflow if workflow != null },
    { for word, platforms in { platforms = var.image_platforms } : word => platforms if length(platforms) > 0 },
    { for word, create in { create_missing_repositories = var.create_missing_repositories } : word => create if create },
  ))
}
