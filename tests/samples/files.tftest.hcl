# One region as it is planned for AWS, where the services' folders are on a file system. `tests/tests/contracts/files.rs` runs it in
# the home root, beside a folder with zips that are none; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"
}

variables {
  application = "forum"
  domain      = "forum.example.com"
  services    = [{ name = "users" }, { name = "posts" }]
}

run "a_region_can_be_planned_for_aws" {
  command = plan
}

run "a_region_whose_services_hold_still_when_they_are_told" {
  command = plan

  variables {
    service_data = {
      users = {
        us-east-1 = { hook = { address = "https://us-east-1.forum.example.com/users/hold", secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:hold" } }
        us-west-2 = { hook = { address = "https://us-west-2.forum.example.com/users/hold", secret = "arn:aws:secretsmanager:us-west-2:111122223333:secret:hold" } }
      }
    }

    service_hosts = {
      us-east-1 = ["us-east-1.forum.example.com"]
      us-west-2 = ["us-west-2.forum.example.com"]
    }
  }
}

run "each_service_has_a_folder_of_its_own_below_the_one_of_the_function" {
  command = plan

  module {
    source = "../modules/files"
  }

  variables {
    region      = "us-east-1"
    file_system = null
    services    = ["users", "posts"]
    network     = { vpc = "vpc-1", subnets = { us-east-1a = "subnet-1", us-east-1b = "subnet-2" } }
    tasks_group = "sg-tasks"
  }

  assert {
    condition     = aws_efs_access_point.function.root_directory[0].path == "/forum"
    error_message = "the function sees every service's folder"
  }

  assert {
    condition     = { for service, point in aws_efs_access_point.service : service => point.root_directory[0].path } == { users = "/forum/users", posts = "/forum/posts" }
    error_message = "a service's tasks see its folder alone"
  }

  assert {
    condition     = toset([for point in concat(values(aws_efs_access_point.service), [aws_efs_access_point.function]) : "${point.posix_user[0].uid}:${point.posix_user[0].gid} ${point.root_directory[0].creation_info[0].owner_uid}"]) == toset(["1000:1000 1000"])
    error_message = "what a restore writes a task may change"
  }

  assert {
    condition     = aws_efs_file_system.this[0].encrypted && length(aws_efs_mount_target.this) == 2
    error_message = "encrypted, and mounted in each zone"
  }

  assert {
    condition     = { for client, rule in aws_vpc_security_group_ingress_rule.clients : client => rule.from_port } == { tasks = 2049, function = 2049 }
    error_message = "tasks and the function reach it, and nobody else"
  }
}

run "tasks_of_a_service_without_data_mount_nothing" {
  command = plan

  module {
    source = "../modules/ecs"
  }

  variables {
    region             = "us-east-1"
    architecture       = "x86_64"
    log_retention_days = 30
    running            = true
    data_directory     = null
    files              = { file_system = "fs-1", access_points = { users = "fsap-1", pages = "fsap-2" } }
    target_groups      = { users = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/a/1", pages = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/b/2" }
    network            = { vpc = "vpc-1", subnets = ["subnet-1"], load_balancer_group = "sg-1" }
    services = {
      users = { service = "forum-users", image = "users:stable", mounts = true, desired_count = 0 }
      pages = { service = "forum-pages", image = "pages:stable", mounts = false, desired_count = 1 }
    }
  }

  assert {
    condition     = { for service, definition in aws_ecs_task_definition.this : service => length(definition.volume) } == { users = 1, pages = 0 }
    error_message = "they may run beside a restore, so they see no folder"
  }

  assert {
    condition     = { for service, one in aws_ecs_service.this : service => one.desired_count } == { users = 0, pages = 1 }
    error_message = "a number of tasks at first for each"
  }
}

run "a_passive_region_rests_at_its_warm_tasks_suspended" {
  command = plan

  module {
    source = "../modules/scaling"
  }

  variables {
    serving = false
    targets = { ECSServiceAverageCPUUtilization = 70 }
    services = {
      users = { scalable_target = "service/forum/forum-users", minimum = 2, maximum = 10, warm = 0 }
      pages = { scalable_target = "service/forum/forum-pages", minimum = 2, maximum = 10, warm = 1 }
    }
  }

  assert {
    condition     = { for service, target in aws_appautoscaling_target.this : service => [target.min_capacity, target.max_capacity] } == { users = [0, 0], pages = [1, 1] }
    error_message = "as many as are warm, and no others"
  }

  assert {
    condition     = alltrue([for target in aws_appautoscaling_target.this : target.suspended_state[0].dynamic_scaling_in_suspended && target.suspended_state[0].dynamic_scaling_out_suspended && target.suspended_state[0].scheduled_scaling_suspended])
    error_message = "nothing starts a task there"
  }
}

run "a_file_system_that_is_there_is_mounted_and_left_as_it_is" {
  command = plan

  module {
    source = "../modules/files"
  }

  variables {
    region      = "us-east-1"
    file_system = "fs-1"
    services    = ["users"]
    network     = { vpc = "vpc-1", subnets = { us-east-1a = "subnet-1" } }
    tasks_group = "sg-tasks"
  }

  assert {
    condition     = length(aws_efs_file_system.this) == 0 && length(aws_efs_file_system_policy.this) == 0
    error_message = "nothing of it is changed"
  }

  assert {
    condition     = aws_efs_mount_target.this["us-east-1a"].file_system_id == "fs-1" && output.tasks.file_system == "fs-1"
    error_message = "it is what is mounted"
  }
}

run "the_function_runs_where_it_can_mount_the_folders_and_may_make_no_interface_itself" {
  module {
    source = "../modules/function"
  }

  variables {
    name       = "forum-backup"
    zip        = "backup"
    memory     = 512
    timeout    = 900
    given_up   = "given up"
    statements = []
    settings   = { directory = "functions", architecture = "x86_64", log_retention_days = 7, log_level = "info" }

    own = {
      region         = "us-east-1"
      cluster        = "arn:aws:ecs:us-east-1:111122223333:cluster/forum"
      control_bucket = "control-east"
      backups_bucket = "backups-east"
      notices_topic  = "arn:aws:sns:us-east-1:111122223333:forum-notices"
      kms            = { key = null, readable = [] }
    }

    mount = {
      file_system     = "arn:aws:elasticfilesystem:us-east-1:111122223333:file-system/fs-1"
      access_point    = "arn:aws:elasticfilesystem:us-east-1:111122223333:access-point/fsap-00000000000000001"
      subnets         = ["subnet-1", "subnet-2"]
      security_groups = ["sg-1"]
    }
  }

  assert {
    condition     = aws_lambda_function.this.file_system_config[0].local_mount_path == "/mnt/data" && aws_lambda_function.this.file_system_config[0].arn == var.mount.access_point
    error_message = "configuration.json says /mnt/data"
  }

  assert {
    condition     = toset(aws_lambda_function.this.vpc_config[0].subnet_ids) == toset(var.mount.subnets)
    error_message = "it runs in the network of the file system"
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement.Condition.ArnLike["lambda:SourceFunctionArn"] if statement.Effect == "Deny"]) == jsonencode([
      ["arn:aws:lambda:us-east-1:*:function:forum-backup", "arn:aws:lambda:us-east-1:*:function:forum-backup:*"]
    ])
    error_message = "Lambda makes the interfaces, the function's code does not, whichever version it is"
  }
}
