# Names that cannot be meant are refused by the name of the variable, before anything of what is there is looked at.
# `tests/tests/contracts/existing.rs` runs it in the join root of examples/existing-services; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"
}

mock_provider "aws" {
  alias  = "standby"
  source = "./mocked"
}

variables {
  # One service in both regions. What is refused differs from it in what each run says.
  alone = {
    us-east-1 = {
      cluster       = "production"
      load_balancer = { name = "public", address = "https://us-east-1.shop.example.com" }
      services      = { users = { service = "users-service", repository = "team/users" } }
    }
    us-west-2 = {
      cluster       = "production"
      load_balancer = { name = "public", address = "https://us-west-2.shop.example.com" }
      services      = { users = { service = "users-service", repository = "team/users" } }
    }
  }
}

run "one_service_alone_is_protected" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = var.alone
  }
}

run "a_daemon_is_refused" {
  command = plan

  module {
    source = "../home"
  }

  override_data {
    target = data.aws_ecs_service.existing
    values = { scheduling_strategy = "DAEMON" }
  }

  expect_failures = [data.aws_ecs_service.existing]
}

run "a_template_that_can_pull_no_image_is_refused" {
  command = plan

  module {
    source = "../home"
  }

  override_data {
    target = data.aws_ecs_task_definition.template
    values = { execution_role_arn = "" }
  }

  expect_failures = [data.aws_ecs_task_definition.template]
}

run "a_third_region" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = { us-east-1 = var.alone.us-east-1, eu-west-1 = var.alone.us-west-2 }
  }

  expect_failures = [var.existing]
}

run "a_service_that_is_named_in_one_region_alone" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = merge(var.alone, { us-east-1 = merge(var.alone.us-east-1, { services = merge(var.alone.us-east-1.services, { posts = { service = "posts", repository = "team/posts" } }) }) })
  }

  expect_failures = [var.existing]
}

run "a_cluster_that_is_given_by_its_arn" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = merge(var.alone, { us-east-1 = merge(var.alone.us-east-1, { cluster = "arn:aws:ecs:us-east-1:111122223333:cluster/production" }) })
  }

  expect_failures = [var.existing]
}

run "a_template_with_a_revision" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = merge(var.alone, { us-east-1 = merge(var.alone.us-east-1, { services = { users = { service = "users-service", repository = "team/users", template = "users:7" } } }) })
  }

  expect_failures = [var.existing]
}

run "a_repository_with_its_registry" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = merge(var.alone, { us-east-1 = merge(var.alone.us-east-1, { services = { users = { service = "users-service", repository = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/users:stable" } } }) })
  }

  expect_failures = [var.existing]
}

run "a_load_balancer_that_is_given_by_its_dns_name" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = merge(var.alone, { us-east-1 = merge(var.alone.us-east-1, { load_balancer = { name = "public-1.us-east-1.elb.amazonaws.com", address = "https://us-east-1.shop.example.com" } }) })
  }

  expect_failures = [var.existing]
}

run "an_address_with_a_path" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = merge(var.alone, { us-east-1 = merge(var.alone.us-east-1, { load_balancer = { name = "public", address = "https://us-east-1.shop.example.com/" } }) })
  }

  expect_failures = [var.existing]
}

run "the_domain_of_whoever_serves_as_an_address" {
  command = plan

  variables {
    services     = [{ name = "users" }]
    service_data = {}
    existing     = merge(var.alone, { us-east-1 = merge(var.alone.us-east-1, { load_balancer = { name = "public", address = "https://lifeboat.shop.example.com" } }) })
  }

  expect_failures = [var.existing]
}

run "the_same_ecs_service_twice" {
  command = plan

  variables {
    existing = {
      us-east-1 = {
        cluster       = "production"
        load_balancer = { name = "public", address = "https://us-east-1.shop.example.com" }
        services = {
          users  = { service = "users-service", repository = "team/users" }
          orders = { service = "users-service", repository = "team/orders" }
        }
      }
      us-west-2 = {
        cluster       = "production"
        load_balancer = { name = "public", address = "https://us-west-2.shop.example.com" }
        services = {
          users  = { service = "users-service", repository = "team/users" }
          orders = { service = "orders-service", repository = "team/orders" }
        }
      }
    }
  }

  expect_failures = [var.existing]
}

run "an_arn_in_place_of_a_zones_id" {
  command = plan

  variables {
    hosted_zone = { id = "arn:aws:route53:::hostedzone/Z1", name = "shop.example.com" }
  }

  expect_failures = [var.hosted_zone]
}

run "a_domain_outside_the_zone" {
  command = plan

  variables {
    hosted_zone = { id = "Z1", name = "op.example.com" }
  }

  expect_failures = [var.hosted_zone]
}

run "a_mount_in_one_region" {
  command = plan

  variables {
    mount = { us-east-1 = { access_point = "fsap-0123456789abcdef0", subnets = ["subnet-1"], security_groups = ["sg-1"] } }
  }

  expect_failures = [var.mount]
}

run "a_file_system_in_place_of_its_access_point" {
  command = plan

  variables {
    mount = {
      us-east-1 = { access_point = "fs-0123456789abcdef0", subnets = ["subnet-1"], security_groups = ["sg-1"] }
      us-west-2 = { access_point = "fs-0123456789abcdef0", subnets = ["subnet-1"], security_groups = ["sg-1"] }
    }
  }

  expect_failures = [var.mount]
}

run "a_service_whose_data_would_be_nowhere" {
  command = plan

  variables {
    mount = {}
  }

  expect_failures = [var.mount]
}

run "a_service_without_its_gate" {
  command = plan

  variables {
    services = [{ name = "users", writes = "http" }, { name = "orders" }]
  }

  expect_failures = [var.gates]
}

run "a_rule_of_another_load_balancer" {
  command = plan

  variables {
    services = [{ name = "users", writes = "http" }, { name = "orders" }]
    gates = {
      us-east-1 = { users = [{ rule = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener-rule/app/other/1/2/3", open = 11, closed = 8 }] }
      us-west-2 = { users = [{ rule = "arn:aws:elasticloadbalancing:us-west-2:111122223333:listener-rule/app/public-west/1/2/3", open = 11, closed = 8 }] }
    }
  }

  expect_failures = [var.gates]
}

run "a_health_path_that_is_none" {
  command = plan

  variables {
    services = [{ name = "users", health = "healthz" }, { name = "orders" }]
  }

  expect_failures = [var.services]
}

run "more_services_than_a_roles_policy_has_room_for" {
  command = plan

  variables {
    services     = [for number in range(17) : { name = "s${number}" }]
    service_data = {}

    existing = {
      for region in ["us-east-1", "us-west-2"] : region => {
        cluster       = "production"
        load_balancer = { name = "public", address = "https://${region}.shop.example.com" }
        services      = { for number in range(17) : "s${number}" => { service = "s${number}", repository = "team/s${number}" } }
      }
    }
  }

  expect_failures = [var.existing]
}
