# What the functions know, in their own region: environment variables are too small, and the other region may be gone.
resource "aws_s3_object" "configuration" {
  bucket       = module.buckets.names.control
  key          = "configuration.json"
  content_type = "application/json"

  # What nobody has configured is left out, so that a function of an earlier version reads it too.
  content = jsonencode(merge({
    schema      = 1
    application = var.names.application
    account     = var.names.account
    region      = var.region
    home        = var.names.home
    standby     = var.names.standby
    services = [
      for service in var.protected.services : merge(
        { name = service.name, minimum = service.minimum, maximum = service.maximum, writes = local.writes[service.name], data = service.data == "none" ? "any" : service.data },
        { for word, data in { holds = service.data } : word => "nothing" if data == "none" },
        { for word, tasks in { warm = service.warm } : word => tasks if tasks > 0 },
        { for word, path in { health = service.health } : word => path if path != null },
      )
    ]

    rpo_seconds        = var.objectives.rpo_seconds
    rto_seconds        = var.objectives.rto_seconds
    cool_down_seconds  = var.failover.cool_down_seconds
    daily_starts       = var.failover.daily_starts
    automatic          = var.failover.automatic && var.enable_dr
    automatic_failback = var.failover.automatic_failback
    approval           = var.failover.approval
    approval_seconds   = var.failover.approval_seconds
    commit_seconds     = var.failover.commit_seconds

    maintenance_windows   = var.failover.maintenance_windows
    drill_blocked_windows = var.exercises.drill_blocked_windows
    down_quorum           = var.failover.down_quorum

    look_interval_seconds = try(var.local_cloud.look_interval_seconds, 20)
    backup_retention_days = var.backup.retention_days
    backup_keep           = var.backup.keep
    object_lock           = var.backup.object_lock
    cross_region_backup   = var.backup.cross_region
    data_directory        = coalesce(try(var.local_cloud.data_directory[var.region], null), "/mnt/data")

    regions = {
      for region, names in var.names.regions : region => merge(
        { for word, value in names : word => value if !contains(["region", "kms", "granted"], word) },
        { for word, hosts in { hosts = lookup(var.protected.hosts, region, []) } : word => hosts if length(hosts) > 0 },
        { services = { for name, service in names.services : name => merge(service, local.service_data[region][name]) } },
      )
    }

    gates = var.protected.gates

    traffic = merge(
      { domain = var.names.domain, name_servers = try(var.local_cloud.name_servers, []) },
      { for word, zone in { zone = var.traffic.zone } : word => zone if zone != null },
    )
    },
    { for word, patterns in { images = var.images.patterns } : word => patterns if length(patterns) > 0 },
    { for word, workflow in { image_workflow = local.image_workflow } : word => workflow if workflow != null },
    { for word, platforms in { platforms = var.images.platforms } : word => platforms if length(platforms) > 0 },
    { for word, create in { create_missing_repositories = var.images.create_missing_repositories } : word => create if create },
  ))
}
