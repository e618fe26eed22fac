# What the probe may ask of secrets and parameters, and how it logs. `tests/tests/contracts/probe.rs` runs it in the join root, beside a folder with a
# zip that is none; nothing here asks any cloud.

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

  own = {
    region         = "us-east-1"
    cluster        = "arn:aws:ecs:us-east-1:111122223333:cluster/forum"
    control_bucket = "control-east"
    backups_bucket = "backups-east"
    markers_bucket = "markers-east"
    notices_topic  = "arn:aws:sns:us-east-1:111122223333:forum-notices"
    kms            = { key = null, readable = [] }
    services       = { users = { service = "forum-users", repository = "forum/users" } }
  }

  peer = {
    region         = "us-west-2"
    cluster        = "arn:aws:ecs:us-west-2:111122223333:cluster/forum"
    control_bucket = "control-west"
    markers_bucket = "markers-west"
    kms            = { key = null, readable = [] }
    services       = { users = { service = "forum-users", repository = "forum/users" } }
  }

  settings    = { directory = "functions", architecture = "x86_64", log_level = "warn", log_retention_days = 7 }
  replicated  = true
  rpo_seconds = 3600
  drill_days  = 40
  proof_days  = 3
  enabled     = true
}

run "what_is_named_may_be_described_and_nothing_may_be_read" {
  module {
    source = "../modules/health-probe"
  }

  variables {
    secrets = ["arn:aws:secretsmanager:us-east-1:111122223333:secret:key-*", "arn:aws:ssm:us-east-1:111122223333:parameter/forum/key"]
    data = {
      users = { hook = { secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:hook" } }
    }
  }

  assert {
    condition = [for statement in local.statements : statement.Resource if statement.Action == "secretsmanager:DescribeSecret"] == [
      "arn:aws:secretsmanager:us-east-1:111122223333:secret:key-*", "arn:aws:secretsmanager:us-east-1:111122223333:secret:hook"
    ]
    error_message = "the secrets of tasks and of data may be described, and no others"
  }

  assert {
    condition     = length([for statement in local.statements : true if statement.Action == "ssm:DescribeParameters"]) == 1
    error_message = "parameters may be described where some are named"
  }

  assert {
    condition     = !strcontains(jsonencode(local.statements), "GetSecretValue") && !strcontains(jsonencode(local.statements), "GetParameter")
    error_message = "no value may be read"
  }
}

run "where_nothing_is_named_nothing_may_be_described" {
  module {
    source = "../modules/health-probe"
  }

  variables {
    secrets = []
    data    = {}
  }

  assert {
    condition     = !strcontains(jsonencode(local.statements), "secretsmanager") && !strcontains(jsonencode(local.statements), "ssm:")
    error_message = "there is no right that nothing needs"
  }
}

run "a_secret_of_another_region_is_refused" {
  command = plan

  variables {
    task_secrets = { us-west-2 = ["arn:aws:secretsmanager:us-east-1:111122223333:secret:key"] }
  }

  expect_failures = [var.task_secrets]
}

run "a_function_logs_json_and_as_much_as_is_asked_for" {
  module {
    source = "../modules/function"
  }

  variables {
    name       = "forum-health-probe"
    zip        = "health-probe"
    memory     = 256
    timeout    = 60
    given_up   = "Read its log."
    statements = []
  }

  assert {
    condition     = aws_lambda_function.this.logging_config[0].log_format == "JSON" && aws_lambda_function.this.environment[0].variables.RUST_LOG == "warn"
    error_message = "lines are JSON, and the level is the one that was asked for"
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.retention_in_days == 7
    error_message = "logs do not stay for ever"
  }
}

run "an_unknown_level_is_refused" {
  command = plan

  variables {
    log_level = "loud"
  }

  expect_failures = [var.log_level]
}
