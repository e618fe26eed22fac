# What patterns of images come to in policies, rules and workflow. `tests/tests/contracts/images.rs` runs it in the join root, beside a
# folder with a zip that is none; nothing here asks any cloud.

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
    notices_topic  = "arn:aws:sns:us-east-1:111122223333:forum-notices"
    kms            = { key = null, readable = [] }
    functions      = { image_sync = "arn:aws:lambda:us-east-1:111122223333:function:forum-image-sync" }
    services       = { users = { repository = "forum/users" } }
    granted        = { services = ["forum-*"], repositories = ["forum/*"] }
  }

  peer = {
    region         = "us-west-2"
    cluster        = "arn:aws:ecs:us-west-2:111122223333:cluster/forum"
    control_bucket = "control-west"
    services       = { users = { repository = "forum/users" } }
    granted        = { services = ["forum-*"], repositories = ["forum/*"] }
  }

  roles    = ["arn:aws:iam::111122223333:role/forum-execution"]
  settings = { directory = "functions", architecture = "x86_64", log_level = "warn", log_retention_days = 7 }
}

run "a_pattern_is_read_here_written_there_and_listened_for" {
  module {
    source = "../modules/image-sync"
  }

  variables {
    patterns            = ["team/*", "base"]
    create_repositories = true
    workflow            = "arn:aws:states:us-east-1:111122223333:stateMachine:forum-image-sync"
    enabled             = true
  }

  assert {
    condition     = jsondecode(jsonencode(local.heard)) == ["forum/users", "base", { wildcard = "team/*" }]
    error_message = "the rule hears of the services' repositories and of the patterns'"
  }

  assert {
    condition = alltrue([
      for statement in local.statements : !strcontains(jsonencode(statement.Resource), ":us-east-1:111122223333:repository/team/*")
      if strcontains(jsonencode(statement.Action), "PutImage") || strcontains(jsonencode(statement.Action), "CreateRepository")
    ])
    error_message = "nothing that a pattern alone means is written or created in its own region"
  }

  assert {
    condition = [for statement in local.statements : statement.Resource if statement.Action == "ecr:CreateRepository"] == [
      ["arn:aws:ecr:us-west-2:111122223333:repository/team/*", "arn:aws:ecr:us-west-2:111122223333:repository/base"]
    ]
    error_message = "repositories of the patterns may be created in the other region, and no others"
  }

  # A role's policies may have 10,240 characters.
  assert {
    condition     = !strcontains(jsonencode(local.statements), "users")
    error_message = "the policy does not grow with the number of services"
  }

  assert {
    condition     = [for statement in local.statements : statement.Resource if statement.Action == "states:StartExecution"] == [var.workflow]
    error_message = "the function starts its own workflow and no other"
  }

  assert {
    condition     = jsondecode(one(aws_iam_role_policy.workflow).policy).Statement == [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = var.own.functions.image_sync }]
    error_message = "the workflow calls this one function"
  }
}

run "without_patterns_there_is_no_workflow_and_no_right_that_only_patterns_need" {
  module {
    source = "../modules/image-sync"
  }

  variables {
    patterns            = []
    create_repositories = false
    workflow            = null
    enabled             = true
  }

  assert {
    condition     = length(aws_sfn_state_machine.this) == 0 && length(aws_iam_role.workflow) == 0
    error_message = "nobody needs a workflow"
  }

  assert {
    condition     = !strcontains(jsonencode(local.statements), "states:") && !strcontains(jsonencode(local.statements), "CreateRepository") && !strcontains(jsonencode(local.statements), "DescribeRepositories")
    error_message = "no role has a right that it does not need"
  }

  assert {
    condition     = jsondecode(jsonencode(local.heard)) == ["forum/users"]
    error_message = "the rule hears of the services' repositories"
  }
}

run "a_repository_that_is_no_pattern_is_refused" {
  command = plan

  variables {
    image_patterns = [{ repository = "team/**" }]
  }

  expect_failures = [var.image_patterns]
}

run "a_tag_that_is_no_pattern_is_refused" {
  command = plan

  variables {
    image_patterns = [{ repository = "team/*", tags = ["a b"] }]
  }

  expect_failures = [var.image_patterns]
}

run "a_platform_that_is_none_is_refused" {
  command = plan

  variables {
    image_platforms = ["arm64"]
  }

  expect_failures = [var.image_platforms]
}
