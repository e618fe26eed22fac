# What AWS would answer, as far as a plan looks at how it is written: ARNs, ranges, and what the example reads of what is there.

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
  defaults = {
    execution_role_arn = "arn:aws:iam::111122223333:role/pulls"
    task_role_arn      = "arn:aws:iam::111122223333:role/works"
  }
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
  defaults = { arn = "arn:aws:lambda:us-east-1:111122223333:function:mocked", version = "7" }
}

mock_resource "aws_lambda_alias" {
  defaults = { arn = "arn:aws:lambda:us-east-1:111122223333:function:mocked:live" }
}

mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:us-east-1:111122223333:log-group:mocked" }
}

mock_resource "aws_cloudwatch_event_rule" {
  defaults = { arn = "arn:aws:events:us-east-1:111122223333:rule/mocked" }
}

mock_resource "aws_cloudwatch_metric_alarm" {
  defaults = { arn = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:mocked" }
}

mock_resource "aws_sns_topic" {
  defaults = { arn = "arn:aws:sns:us-east-1:111122223333:mocked" }
}
