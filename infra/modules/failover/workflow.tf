resource "aws_iam_role" "workflow" {
  name = "${var.application}-workflow-${var.own.region}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = var.own.workflow } }
    }]
  })
}

resource "aws_iam_role_policy" "workflow" {
  name = "allowed"
  role = aws_iam_role.workflow.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "lambda:InvokeFunction"
        Resource = values(var.own.functions)
      },
      {
        Effect   = "Allow"
        Action   = "sns:Publish"
        Resource = var.own.notices_topic
      },
    ]
  })
}

resource "aws_sfn_state_machine" "this" {
  name     = "${var.application}-failover"
  role_arn = aws_iam_role.workflow.arn
  type     = "STANDARD"

  definition = templatefile("${path.module}/workflow.asl.json", {
    failover      = var.own.functions.failover
    backup        = var.own.functions.backup
    image_sync    = var.own.functions.image_sync
    notices_topic = var.own.notices_topic
  })

  depends_on = [aws_iam_role_policy.workflow]
}
