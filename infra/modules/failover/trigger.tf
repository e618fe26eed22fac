# From the metric to the function: the alarm lives in the region that would take over, and speaks to it alone.

# Not encrypted, on purpose, also where buckets are under a key of one's own: the message holds an alarm's name and state, nothing
# of the users', and a key that does not let CloudWatch in, as SNS's own does not, drops every alarm without a word.
resource "aws_sns_topic" "alarms" {
  name = "${var.application}-alarms"
}

resource "aws_sns_topic" "notices" {
  name = "${var.application}-notices"
}

# Each topic takes messages of its own alarms and of no others: one of them starts failovers.
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
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_metric_alarm.active_region_down.arn } }
    }]
  })
}

resource "aws_sns_topic_policy" "notices" {
  arn = aws_sns_topic.notices.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "AlarmsOfThisApplication"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.notices.arn
      Condition = { ArnLike = { "aws:SourceArn" = "arn:aws:cloudwatch:${var.own.region}:${local.account}:alarm:${var.application}-*" } }
    }]
  })
}

resource "aws_lambda_permission" "alarms" {
  statement_id  = "${var.application}-alarms"
  action        = "lambda:InvokeFunction"
  function_name = module.function.arn
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.alarms.arn
}

resource "aws_sns_topic_subscription" "failover" {
  topic_arn  = aws_sns_topic.alarms.arn
  protocol   = "lambda"
  endpoint   = module.function.arn
  depends_on = [aws_lambda_permission.alarms]
}

# Only a passive region publishes this metric, so an active one never breaks its own alarm.
resource "aws_cloudwatch_metric_alarm" "active_region_down" {
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
  actions_enabled     = var.enabled
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
