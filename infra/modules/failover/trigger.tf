# From the metric to the function: the alarm lives in the region that would take over, and speaks to it alone.

# Not encrypted, on purpose, also where buckets are under a key of one's own: the message holds an alarm's name and state, nothing
# of the users', and a key that does not let CloudWatch in, as SNS's own does not, drops every alarm without a word.
resource "aws_sns_topic" "alarms" {
  name = "${var.application}-alarms"
}

resource "aws_sns_topic" "notices" {
  name = "${var.application}-notices"
}

# Each topic takes messages of its own alarms and of no others: one of them starts failovers. By its name, which stands while the alarm
# is not there.
resource "aws_sns_topic_policy" "alarms" {
  arn = aws_sns_topic.alarms.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TheAlarmOfThisRegion"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.alarms.arn
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:cloudwatch:${var.own.region}:${local.account}:alarm:${var.own.alarm}" } }
    }]
  })
}

resource "aws_sns_topic_policy" "notices" {
  arn = aws_sns_topic.notices.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsOfThisApplication"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.notices.arn
        Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:cloudwatch:${var.own.region}:${local.account}:alarm:${var.application}-*" } }
      },
      {
        Sid       = "RemindersOfThisApplication"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.notices.arn
        Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:events:${var.own.region}:${local.account}:rule/${var.application}-reminder-*" } }
      },
    ]
  })
}

resource "aws_lambda_permission" "alarms" {
  statement_id  = "${var.application}-alarms"
  action        = "lambda:InvokeFunction"
  function_name = module.function.live.function
  qualifier     = module.function.live.alias
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.alarms.arn
}

resource "aws_sns_topic_subscription" "failover" {
  topic_arn  = aws_sns_topic.alarms.arn
  protocol   = "lambda"
  endpoint   = module.function.live.arn
  depends_on = [aws_lambda_permission.alarms]
}

# Only a passive region publishes this metric, so an active one never breaks its own alarm.
resource "aws_cloudwatch_metric_alarm" "active_region_down" {
  count               = var.enabled ? 1 : 0
  alarm_name          = var.own.alarm
  alarm_description   = "The active region does not serve, as seen from here. The failover function looks again and decides."
  namespace           = "Lifeboat"
  metric_name         = "ActiveRegionServing"
  dimensions          = { Application = var.application, Region = var.own.region }
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

moved {
  from = aws_cloudwatch_metric_alarm.active_region_down
  to   = aws_cloudwatch_metric_alarm.active_region_down[0]
}

# What only people can do. No function is asked, so nothing can keep them from hearing of it.
resource "aws_cloudwatch_event_rule" "reminder" {
  for_each            = var.reminders
  name                = "${var.application}-reminder-${each.key}"
  description         = each.value.text
  schedule_expression = each.value.schedule
  state               = var.enabled ? "ENABLED" : "DISABLED"
}

resource "aws_cloudwatch_event_target" "reminder" {
  for_each = var.reminders
  rule     = aws_cloudwatch_event_rule.reminder[each.key].name
  arn      = aws_sns_topic.notices.arn
  input    = jsonencode(each.value.text)
}

# A notice tells of each failure; this one comes also where the failover function, which writes notices, is what fails. A plan or a
# drill that was refused counts: nobody else says that the monthly drill does not begin. Of one that somebody stopped the watch tells.
resource "aws_cloudwatch_metric_alarm" "execution_failed" {
  count               = var.enabled ? 1 : 0
  alarm_name          = "${var.application}-execution-failed"
  alarm_description   = "An execution of the failover workflow failed, or was refused. See `lifeboat report show`, and `lifeboat status` for what stands; the runbook says what to do after each (docs/runbook.md)."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.this.arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.notices.arn]
}

moved {
  from = aws_cloudwatch_metric_alarm.execution_failed
  to   = aws_cloudwatch_metric_alarm.execution_failed[0]
}
