# Where things were of versions that had a module for the region. Home and standby have this file as moved.tf (a symbolic link).

moved {
  from = module.region.module.application
  to   = module.application
}

moved {
  from = module.region.module.suite
  to   = module.suite
}

# Before that, of a region that knew no halves.

moved {
  from = module.region.module.network
  to   = module.application.module.network
}

moved {
  from = module.region.module.alb
  to   = module.application.module.alb
}

moved {
  from = module.region.module.ecr
  to   = module.application.module.ecr
}

moved {
  from = module.region.module.files
  to   = module.application.module.files
}

moved {
  from = module.region.module.ecs
  to   = module.application.module.ecs
}

moved {
  from = module.region.module.scaling
  to   = module.application.module.scaling
}

moved {
  from = module.region.module.buckets
  to   = module.suite.module.buckets
}

moved {
  from = module.region.module.backup
  to   = module.suite.module.backup
}

moved {
  from = module.region.module.image_sync
  to   = module.suite.module.image_sync
}

moved {
  from = module.region.module.health_probe
  to   = module.suite.module.health_probe
}

moved {
  from = module.region.module.failover
  to   = module.suite.module.failover
}

moved {
  from = module.region.module.dashboard
  to   = module.suite.module.dashboard
}

moved {
  from = module.region.aws_s3_object.configuration
  to   = module.suite.aws_s3_object.configuration
}
