# What goes with the standby: each root is planned with it and without it. `tests/tests/contracts/without_standby.rs` runs it in the join
# root, both of infra and of examples/existing-services, with their own settings, and compares the two; nothing here asks any cloud.

mock_provider "aws" {
  mock_data "aws_caller_identity" {
    defaults = { account_id = "111122223333" }
  }

  mock_data "aws_ip_ranges" {
    defaults = { cidr_blocks = ["15.177.0.0/18"] }
  }

  mock_data "aws_lb" {
    defaults = { dns_name = "mocked.example.com", zone_id = "Z1" }
  }

  mock_data "aws_ecs_service" {
    defaults = { scheduling_strategy = "REPLICA" }
  }

  mock_data "aws_ecs_task_definition" {
    defaults = { execution_role_arn = "arn:aws:iam::111122223333:role/pulls", task_role_arn = "arn:aws:iam::111122223333:role/works" }
  }

  mock_data "aws_efs_access_point" {
    defaults = {
      arn             = "arn:aws:elasticfilesystem:us-east-1:111122223333:access-point/fsap-0123456789abcdef0"
      file_system_arn = "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1"
    }
  }

  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/mocked" }
  }

  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:us-east-1:111122223333:function:mocked" }
  }

  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:111122223333:log-group:mocked" }
  }
}

mock_provider "aws" {
  alias = "standby"

  mock_data "aws_lb" {
    defaults = { dns_name = "mocked.example.com", zone_id = "Z1" }
  }
}

run "home_with" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    enable_dr = true
  }
}

run "home_without" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    enable_dr = false
  }
}

run "standby_with" {
  command = plan

  module {
    source = "../standby"
  }

  variables {
    enable_dr = true
  }
}

run "standby_without" {
  command = plan

  module {
    source = "../standby"
  }

  variables {
    enable_dr = false
  }
}

run "join_with" {
  command = plan

  variables {
    enable_dr = true
  }
}

run "join_without" {
  command = plan

  variables {
    enable_dr = false
  }
}
