# The application's side of a region: what would be there without Lifeboat, too.

locals {
  own = var.names.regions[var.region]
}

module "network" {
  source             = "../network"
  name               = var.names.application
  region             = var.region
  cidr               = var.network.cidr
  availability_zones = var.network.availability_zones
  way_out            = var.network.way_out
}

module "alb" {
  count           = var.running ? 1 : 0
  source          = "../alb"
  name            = var.names.load_balancers[var.region]
  vpc             = module.network.vpc
  subnets         = module.network.public_subnets
  services        = [for service in var.services : { path = service.name, target_group = local.own.services[service.name].service, writes = service.writes }]
  certificate_arn = var.certificate_arn
}

module "ecr" {
  source       = "../ecr"
  repositories = [for service in values(local.own.services) : service.repository]
  disposable   = var.local_cloud != null
}

# The local cloud has a folder of the host in its place.
module "files" {
  count       = var.local_cloud == null ? 1 : 0
  source      = "../files"
  application = var.names.application
  region      = var.region
  file_system = var.efs_file_system_id
  services    = var.services[*].name
  network     = { vpc = module.network.vpc, subnets = module.network.private_subnets }
  tasks_group = module.ecs.security_group
}

module "ecs" {
  source             = "../ecs"
  application        = var.names.application
  region             = var.region
  architecture       = var.tasks.architecture
  log_retention_days = var.tasks.log_retention_days
  files              = one(module.files[*].tasks)
  data_directory     = try(var.local_cloud.data_directory[var.region], null)
  running            = var.running
  target_groups      = var.running ? module.alb[0].target_groups : {}

  services = {
    for service in var.services : service.name => {
      service       = local.own.services[service.name].service
      image         = local.own.services[service.name].image
      mounts        = service.data != "none"
      desired_count = var.serving ? service.minimum : service.warm
    }
  }

  network = {
    vpc                 = module.network.vpc
    subnets             = module.network.public_subnets
    load_balancer_group = one(module.alb[*].security_group)
  }
}

module "scaling" {
  count       = var.running ? 1 : 0
  source      = "../scaling"
  application = var.names.application
  serving     = var.serving

  services = {
    for service in var.services : service.name => {
      scalable_target = local.own.services[service.name].scalable_target
      minimum         = service.minimum
      maximum         = service.maximum
      warm            = service.warm
    }
  }

  targets = {
    ECSServiceAverageCPUUtilization    = var.tasks.cpu_target
    ECSServiceAverageMemoryUtilization = var.tasks.memory_target
  }

  depends_on = [module.ecs]
}
