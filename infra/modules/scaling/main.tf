# How many tasks each service may have, and when there are more or fewer: the same in both regions.

locals {
  policies = {
    for pair in setproduct(keys(var.services), keys(var.targets)) : "${pair[0]}-${pair[1]}" => { service = pair[0], metric = pair[1] }
  }
}

resource "aws_appautoscaling_target" "this" {
  for_each           = var.services
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = each.value.scalable_target
  min_capacity       = var.serving ? each.value.minimum : each.value.warm
  max_capacity       = var.serving ? each.value.maximum : each.value.warm

  suspended_state {
    dynamic_scaling_in_suspended  = !var.serving
    dynamic_scaling_out_suspended = !var.serving
    scheduled_scaling_suspended   = !var.serving
  }

  # Like the number of tasks, the bounds belong to whoever fails over; the next apply must not undo it.
  lifecycle {
    ignore_changes = [min_capacity, max_capacity, suspended_state]
  }
}

# Of what the policies ask for the largest number wins.
resource "aws_appautoscaling_policy" "this" {
  for_each           = local.policies
  name               = "${var.application}-${each.key}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this[each.value.service].service_namespace
  scalable_dimension = aws_appautoscaling_target.this[each.value.service].scalable_dimension
  resource_id        = aws_appautoscaling_target.this[each.value.service].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.targets[each.value.metric]
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = each.value.metric
    }
  }
}
