# Where things of a version were that knew no halves.

moved {
  from = module.network
  to   = module.application.module.network
}

moved {
  from = module.alb
  to   = module.application.module.alb
}

moved {
  from = module.ecr
  to   = module.application.module.ecr
}

moved {
  from = module.files
  to   = module.application.module.files
}

moved {
  from = module.ecs
  to   = module.application.module.ecs
}

moved {
  from = module.scaling
  to   = module.application.module.scaling
}

moved {
  from = module.buckets
  to   = module.suite.module.buckets
}

moved {
  from = module.backup
  to   = module.suite.module.backup
}

moved {
  from = module.image_sync
  to   = module.suite.module.image_sync
}

moved {
  from = module.health_probe
  to   = module.suite.module.health_probe
}

moved {
  from = module.failover
  to   = module.suite.module.failover
}

moved {
  from = module.dashboard
  to   = module.suite.module.dashboard
}

moved {
  from = aws_s3_object.configuration
  to   = module.suite.aws_s3_object.configuration
}
