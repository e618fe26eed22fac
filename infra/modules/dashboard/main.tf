# One look: who serves, whether the other one could, how old the recovery point is, what executions did. The same in both regions,
# because one of them may be gone. CloudWatch shows three dashboards for nothing.

locals {
  sides = [var.own, var.peer]

  # Of each region's own probe. Only a passive region publishes most of them, so one line breaks off where the other begins.
  ours = { for name in ["Ready", "BackupAgeSeconds", "ReplicationLagSeconds", "ImageLag"] :
    name => [for side in local.sides : ["Lifeboat", name, "Application", var.application, "Region", side.region, { region = side.region, label = side.region }]]
  }

  # What is a week old is read in days.
  days = { for name in ["ProofAgeSeconds", "DrillAgeSeconds"] : name => concat(
    [for number, side in local.sides : ["Lifeboat", name, "Application", var.application, "Region", side.region, { region = side.region, id = "age${number}", visible = false }]],
    [for number, side in local.sides : [{ expression = "age${number} / 86400", region = side.region, id = "days${number}", label = side.region }]],
  ) }

  counts = concat([for name, says in { ProbeRuns = "runs", DamagedObjects = "damaged" } : [
    for side in local.sides : ["Lifeboat", name, "Application", var.application, "Region", side.region, { region = side.region, label = "${side.region} ${says}" }]
  ]]...)

  # A passive region tells it of the active one.
  serving = [for region, seen in { (var.own.region) = var.peer.region, (var.peer.region) = var.own.region } :
    ["Lifeboat", "ActiveRegionServing", "Application", var.application, "Region", region, { region = region, label = "${seen}, seen from ${region}" }]
  ]

  failed = [for side in local.sides : ["AWS/States", "ExecutionsFailed", "StateMachineArn", side.workflow, { region = side.region, label = side.region }]]

  # What is true now, as numbers: whoever tells none is the active region.
  now = [
    { title = "Serves now (1 yes)", metrics = local.serving, stat = "Minimum", period = 60 },
    { title = "Could take over now (1 yes)", metrics = local.ours.Ready, stat = "Minimum", period = 60 },
    { title = "Recovery point, seconds old", metrics = local.ours.BackupAgeSeconds, stat = "Maximum", period = 60 },
    { title = "Executions that failed, by day", metrics = local.failed, stat = "Sum", period = 86400 },
  ]

  # Title, metrics, statistic, line, its label; a null is left out.
  graphs = [
    { title = "Does the active region serve, as the other one sees it? (1 yes)", metrics = local.serving, stat = "Minimum", at = null, says = null },
    { title = "Could the passive region take over now? (1 yes)", metrics = local.ours.Ready, stat = "Minimum", at = null, says = null },
    { title = "Age of the recovery point, seconds", metrics = local.ours.BackupAgeSeconds, stat = "Maximum", at = var.objectives.rpo_seconds, says = "objective" },
    { title = "Longest that a backup has been on its way, seconds", metrics = local.ours.ReplicationLagSeconds, stat = "Maximum", at = 1800, says = "alarm" },
    { title = "Longest that an image has been missing, seconds", metrics = local.ours.ImageLag, stat = "Maximum", at = 1800, says = "alarm" },
    { title = "Age of the last proof of a backup, days", metrics = local.days.ProofAgeSeconds, stat = "Minimum", at = var.objectives.proof_days, says = "too old" },
    { title = "Age of the last drill that passed, days", metrics = local.days.DrillAgeSeconds, stat = "Minimum", at = var.objectives.drill_days, says = "too old" },
    { title = "Runs of the probe, and objects that are damaged", metrics = local.counts, stat = "Maximum", at = null, says = null },
  ]

  executions = concat([for side in local.sides : [
    for name in ["Started", "Succeeded", "Failed"] : ["AWS/States", "Executions${name}", "StateMachineArn", side.workflow, { region = side.region, label = "${side.region} ${lower(name)}" }]
  ]]...)
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "${var.application}-lifeboat-${var.own.region}"

  dashboard_body = jsonencode({
    widgets = concat(
      [
        {
          type = "text", x = 0, y = 0, width = 24, height = 2
          properties = {
            markdown = "# ${var.application}: ${var.own.region} and ${var.peer.region}\nWho is active, with every reason: `lifeboat status`. What executions did: `lifeboat report list`. In an emergency: docs/runbook.md."
          }
        },
        {
          type       = "alarm", x = 0, y = 6, width = 24, height = 4
          properties = { title = "Alarms of ${var.own.region}", alarms = var.alarms }
        },
      ],
      [for number, value in local.now : {
        type       = "metric", x = number * 6, y = 2, width = 6, height = 4
        properties = { title = value.title, metrics = value.metrics, stat = value.stat, region = var.own.region, period = value.period, view = "singleValue" }
      }],
      [for number, graph in local.graphs : {
        type = "metric", x = (number % 2) * 12, y = 10 + floor(number / 2) * 6, width = 12, height = 6
        properties = merge(
          { title = graph.title, metrics = graph.metrics, stat = graph.stat, region = var.own.region, period = 60, view = "timeSeries", yAxis = { left = { min = 0 } } },
          { for word, at in { annotations = graph.at } : word => { horizontal = [{ value = at, label = graph.says }] } if at != null },
        )
      }],
      [{
        type       = "metric", x = 0, y = 34, width = 24, height = 6
        properties = { title = "Executions", metrics = local.executions, stat = "Sum", region = var.own.region, period = 3600, view = "timeSeries", yAxis = { left = { min = 0 } } }
      }],
    )
  })
}
