# What is added to services that others made. `tests/tests/contracts/existing.rs` runs it in the join root of examples/existing-services
# with its own existing.tfvars, and sees that nothing but Lifeboat's own is planned; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"
}

mock_provider "aws" {
  alias  = "standby"
  source = "./mocked"
}

run "home_is_protected_by_the_names_that_were_given" {
  command = plan

  module {
    source = "../home"
  }

  assert {
    condition     = module.names.regions["us-east-1"].cluster == "arn:aws:ecs:us-east-1:111122223333:cluster/production" && module.names.regions["us-west-2"].cluster == "arn:aws:ecs:us-west-2:111122223333:cluster/production-west"
    error_message = "each region has its own cluster"
  }

  assert {
    condition = module.names.regions["us-west-2"].services.orders == {
      service         = "orders-service"
      repository      = "team/orders"
      template        = "orders"
      image           = "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/orders:stable"
      scalable_target = "service/production-west/orders-service"
    }
    error_message = "a service is known by the names that were given"
  }

  assert {
    condition     = jsondecode(jsonencode(module.names.regions["us-east-1"].granted)) == { services = ["orders-service", "users-service"], repositories = ["team/orders", "team/users"] }
    error_message = "nothing is granted on what else is in the cluster or the registry"
  }

  assert {
    condition     = module.names.load_balancers == { us-east-1 = "public", us-west-2 = "public-west" } && module.names.regions["us-west-2"].load_balancer == { host = "us-west-2.shop.example.com", endpoint = "https://us-west-2.shop.example.com" }
    error_message = "a region is looked at where its load balancer answers"
  }
}

run "the_standby_is_protected_without_home" {
  command = plan

  module {
    source = "../standby"
  }
}

run "the_two_are_joined_in_a_zone_that_is_there" {
  command = plan

  assert {
    condition     = output.zone_id == "Z0123456789ABCDEFGHIJ" && output.name_servers == null
    error_message = "no zone is made"
  }
}

run "a_service_whose_writes_come_by_http_has_the_gate_that_was_given" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    services = [{ name = "users", writes = "http" }, { name = "orders" }]

    gates = {
      us-east-1 = { users = [{ rule = "arn:aws:elasticloadbalancing:us-east-1:111122223333:listener-rule/app/public/1/2/3", open = 11, closed = 8 }] }
      us-west-2 = { users = [{ rule = "arn:aws:elasticloadbalancing:us-west-2:111122223333:listener-rule/app/public-west/1/2/3", open = 11, closed = 8 }] }
    }
  }
}
