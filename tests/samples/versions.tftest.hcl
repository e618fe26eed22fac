# How functions are invoked: by an alias, which a deployment moves from version to version. `tests/tests/contracts/deploy.rs` runs it in
# the join root, beside a folder with zips that are none; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"

  mock_resource "aws_lambda_alias" {
    defaults = { arn = "arn:aws:lambda:us-east-1:111122223333:function:forum-failover:live" }
  }
}

mock_provider "aws" {
  alias  = "standby"
  source = "./mocked"
}

variables {
  application = "forum"
  domain      = "forum.example.com"
  services    = [{ name = "users" }]
  settings    = { directory = "functions", architecture = "x86_64", log_level = "warn", log_retention_days = 7 }
}

run "every_name_of_a_function_is_its_alias" {
  module {
    source = "../modules/names"
  }

  variables {
    account              = "111122223333"
    home_region          = "us-east-1"
    standby_region       = "us-west-2"
    services             = ["users"]
    image_tag            = "stable"
    https                = false
    kms_key_arn          = {}
    kms_earlier_key_arns = {}
    local_cloud          = null
  }

  assert {
    condition     = alltrue(flatten([for region in output.regions : [for arn in region.functions : endswith(arn, ":live")]]))
    error_message = "whoever has a right to a function, or is told of it, has and is told of its alias"
  }
}

run "an_alias_begins_at_the_version_that_is_published" {
  module {
    source = "../modules/function"
  }

  variables {
    name       = "forum-failover"
    zip        = "failover"
    memory     = 256
    timeout    = 60
    given_up   = "see its log"
    statements = []

    own = {
      region         = "us-east-1"
      cluster        = "arn:aws:ecs:us-east-1:111122223333:cluster/forum"
      control_bucket = "control-east"
      backups_bucket = "backups-east"
      notices_topic  = "arn:aws:sns:us-east-1:111122223333:forum-notices"
      kms            = { key = null, readable = [] }
    }
  }

  assert {
    condition     = aws_lambda_function.this.publish && aws_lambda_alias.live.function_version == "7"
    error_message = "what is invoked is a version, and no longer what was uploaded last"
  }

  assert {
    condition     = output.live == { arn = aws_lambda_alias.live.arn, function = "forum-failover", alias = "live" }
    error_message = "invokers are told of the alias"
  }
}

run "a_rule_invokes_the_alias_and_may_invoke_nothing_else" {
  module {
    source = "../modules/rule"
  }

  variables {
    name     = "forum-failover-watch"
    schedule = "rate(1 minute)"
    input    = { action = "watch" }
    enabled  = true
    function = { arn = "arn:aws:lambda:us-east-1:111122223333:function:forum-failover:live", function = "forum-failover", alias = "live" }
  }

  assert {
    condition     = aws_cloudwatch_event_target.this.arn == var.function.arn
    error_message = "the target is the alias"
  }

  assert {
    condition     = aws_lambda_permission.this.function_name == "forum-failover" && aws_lambda_permission.this.qualifier == "live"
    error_message = "a permission is the function's or the alias's, and this one is the alias's"
  }
}

run "the_alarm_and_the_workflow_invoke_the_alias_too" {
  module {
    source = "../modules/failover"
  }

  variables {
    enabled        = true
    drill_schedule = null
    reminders      = {}
    load_balancers = { us-east-1 = "forum-us-east-1", us-west-2 = "forum-us-west-2" }

    own = {
      region         = "us-east-1"
      cluster        = "arn:aws:ecs:us-east-1:111122223333:cluster/forum"
      alarm          = "forum-active-region-down"
      control_bucket = "control-east"
      backups_bucket = "backups-east"
      markers_bucket = "markers-east"
      notices_topic  = "arn:aws:sns:us-east-1:111122223333:forum-notices"
      workflow       = "arn:aws:states:us-east-1:111122223333:stateMachine:forum-failover"
      kms            = { key = null, readable = [] }
      services       = { users = { service = "forum-users", repository = "forum/users" } }
      functions      = { for word in ["backup", "failover", "health_probe", "image_sync"] : word => "arn:aws:lambda:us-east-1:111122223333:function:forum-${replace(word, "_", "-")}:live" }
    }

    peer = {
      region         = "us-west-2"
      cluster        = "arn:aws:ecs:us-west-2:111122223333:cluster/forum"
      control_bucket = "control-west"
      markers_bucket = "markers-west"
      kms            = { key = null, readable = [] }
      services       = { users = { service = "forum-users", repository = "forum/users" } }
      functions      = { backup = "arn:aws:lambda:us-west-2:111122223333:function:forum-backup:live" }
    }
  }

  assert {
    condition     = aws_sns_topic_subscription.failover.endpoint == var.own.functions.failover && aws_lambda_permission.alarms.qualifier == "live"
    error_message = "the alarm that starts failovers reaches the alias"
  }

  assert {
    condition     = toset(jsondecode(aws_iam_role_policy.workflow.policy).Statement[0].Resource) == toset(values(var.own.functions))
    error_message = "the workflow may invoke the aliases"
  }

  assert {
    condition     = length(regexall("function:forum-[a-z-]+:live", aws_sfn_state_machine.this.definition)) == length(regexall("function:forum-", aws_sfn_state_machine.this.definition))
    error_message = "each of the workflow's steps invokes an alias"
  }
}
