# Brings more images than one invocation should.

resource "aws_iam_role" "workflow" {
  count = length(var.workflow[*])
  name  = "${var.application}-image-sync-workflow-${var.own.region}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { ArnEquals = { "aws:SourceArn" = var.workflow } }
    }]
  })
}

resource "aws_iam_role_policy" "workflow" {
  count = length(var.workflow[*])
  name  = "allowed"
  role  = aws_iam_role.workflow[0].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = var.own.functions.image_sync }]
  })
}

resource "aws_sfn_state_machine" "this" {
  count      = length(var.workflow[*])
  name       = "${var.application}-image-sync"
  role_arn   = aws_iam_role.workflow[0].arn
  type       = "STANDARD"
  definition = templatefile("${path.module}/workflow.asl.json", { image_sync = var.own.functions.image_sync })
  depends_on = [aws_iam_role_policy.workflow]
}
