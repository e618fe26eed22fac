# Settings that make no sense are refused before anything is planned, and the message names the variable.
# `tests/tests/contracts/settings.rs` runs it in the join root; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"
}

mock_provider "aws" {
  alias  = "standby"
  source = "./mocked"
}

variables {
  application = "forum"
  domain      = "forum.example.com"
  services    = [{ name = "users" }]
}

run "networks_that_overlap" {
  command = plan

  variables {
    home_vpc_cidr = "10.0.0.0/16"
    dr_vpc_cidr   = "10.0.128.0/20"
  }

  expect_failures = [var.dr_vpc_cidr]
}

run "the_same_network_twice" {
  command = plan

  variables {
    home_vpc_cidr = "10.1.0.0/16"
  }

  expect_failures = [var.dr_vpc_cidr]
}

run "a_network_that_is_no_range" {
  command = plan

  variables {
    home_vpc_cidr = "10.0.0.0"
  }

  expect_failures = [var.home_vpc_cidr]
}

run "a_network_too_small_for_its_subnets" {
  command = plan

  variables {
    dr_vpc_cidr = "10.1.0.0/24"
  }

  expect_failures = [var.dr_vpc_cidr]
}

run "one_zone" {
  command = plan

  variables {
    home_availability_zones = ["us-east-1a"]
    dr_availability_zones   = ["us-west-2a", "us-west-2a"]
  }

  expect_failures = [var.home_availability_zones, var.dr_availability_zones]
}

run "a_zone_of_another_region" {
  command = plan

  variables {
    dr_availability_zones = ["us-west-2a", "us-east-1b"]
  }

  expect_failures = [var.dr_availability_zones]
}

run "equal_regions" {
  command = plan

  variables {
    dr_region             = "us-east-1"
    dr_availability_zones = ["us-east-1a", "us-east-1b"]
  }

  expect_failures = [var.dr_region]
}

run "a_retention_below_a_day" {
  command = plan

  variables {
    backup_retention_days = 0.5
  }

  expect_failures = [var.backup_retention_days]
}

run "a_service_named_twice" {
  command = plan

  variables {
    services = [{ name = "users" }, { name = "users" }]
  }

  expect_failures = [var.services]
}

run "a_missing_certificate" {
  command = plan

  variables {
    certificate_arn = {}
  }

  expect_failures = [var.certificate_arn]
}

run "services_without_any_data" {
  command = plan

  variables {
    services = [{ name = "users", data = "none" }]
  }

  expect_failures = [var.services]
}

run "a_place_of_what_has_no_data" {
  command = plan

  variables {
    services = [{ name = "users" }, { name = "pages", data = "none" }]
    service_data = {
      pages = {
        us-east-1 = { bucket = { bucket = "data-east", prefix = "pages/" } }
        us-west-2 = { bucket = { bucket = "data-west", prefix = "pages/" } }
      }
    }
  }

  expect_failures = [var.service_data]
}

run "half_a_warm_task" {
  command = plan

  variables {
    services      = [{ name = "users" }, { name = "pages", data = "none" }]
    dr_warm_tasks = 0.5
  }

  expect_failures = [var.dr_warm_tasks]
}

run "more_warm_tasks_than_production_has_at_least" {
  command = plan

  variables {
    services      = [{ name = "users" }, { name = "pages", data = "none", minimum = 1 }]
    dr_warm_tasks = 2
  }

  expect_failures = [var.dr_warm_tasks]
}

run "more_warm_tasks_than_min_capacity" {
  command = plan

  variables {
    services      = [{ name = "users" }, { name = "pages", data = "none", minimum = 3 }]
    dr_warm_tasks = 3
  }

  expect_failures = [var.dr_warm_tasks]
}

run "warm_tasks_of_services_with_data" {
  command = plan

  variables {
    dr_warm_tasks = 1
  }

  expect_failures = [var.dr_warm_tasks]
}

run "a_certificate_for_one_region" {
  command = plan

  variables {
    certificate_arn = { us-east-1 = "arn:aws:acm:us-east-1:111122223333:certificate/1" }
  }

  expect_failures = [var.certificate_arn]
}

run "an_application_whose_names_could_be_those_of_another_one" {
  command = plan

  variables {
    application = "forum-users"
  }

  expect_failures = [var.application]
}

run "an_application_too_long_for_a_load_balancer" {
  command = plan

  variables {
    application = "seventeenletters1"
  }

  expect_failures = [var.application]
}

run "a_service_too_long_for_a_target_group" {
  command = plan

  variables {
    services = [{ name = "fifteenletters1" }]
  }

  expect_failures = [var.services]
}

run "a_service_named_like_the_pins_of_another_one" {
  command = plan

  variables {
    services = [{ name = "users" }, { name = "users-pinned" }]
  }

  expect_failures = [var.services]
}

run "a_home_that_is_no_region" {
  command = plan

  variables {
    home_region             = "Virginia"
    home_availability_zones = ["Virginiaa", "Virginiab"]
  }

  expect_failures = [var.home_region]
}

run "a_standby_too_long_for_a_load_balancer" {
  command = plan

  variables {
    dr_region             = "us-very-far-off-1"
    dr_availability_zones = ["us-very-far-off-1a", "us-very-far-off-1b"]
  }

  expect_failures = [var.dr_region]
}
