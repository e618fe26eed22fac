# Keys of one's own, and TLS: what is planned for buckets and roles. `tests/tests/contracts/keys.rs` runs it in the join root, beside
# a folder with zips that are none; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"
}

mock_provider "aws" {
  alias  = "standby"
  source = "./mocked"
}

variables {
  domain = "forum.example.com"

  services = [{ name = "users" }]

  home = {
    region         = "us-east-1"
    cluster        = "arn:aws:ecs:us-east-1:111122223333:cluster/forum"
    control_bucket = "control-east"
    backups_bucket = "backups-east"
    notices_topic  = "arn:aws:sns:us-east-1:111122223333:forum-notices"
    kms = {
      key      = "arn:aws:kms:us-east-1:111122223333:key/east"
      readable = ["arn:aws:kms:us-east-1:111122223333:key/east", "arn:aws:kms:us-east-1:111122223333:key/before"]
    }
  }

  standby = {
    region         = "us-west-2"
    control_bucket = "control-west"
    backups_bucket = "backups-west"
    notices_topic  = "arn:aws:sns:us-west-1:111122223333:forum-notices"
    kms = {
      key      = "arn:aws:kms:us-west-2:111122223333:key/west"
      readable = ["arn:aws:kms:us-west-2:111122223333:key/west"]
    }
  }

  keyless = {
    region         = "us-west-2"
    control_bucket = "control-west"
    backups_bucket = "backups-west"
    notices_topic  = "arn:aws:sns:us-west-1:111122223333:forum-notices"
    kms            = { key = null, readable = [] }
  }
}

run "what_holds_data_is_under_the_key_and_markers_are_not" {
  command = plan

  module {
    source = "../modules/buckets"
  }

  variables {
    control               = "control-east"
    backups               = "backups-east"
    markers               = "markers-east"
    retention_days        = 7
    locked                = false
    health_checker_ranges = ["192.0.2.0/24"]
    local                 = false
    key                   = var.home.kms.key
  }

  assert {
    condition     = { for word, bucket in aws_s3_bucket_server_side_encryption_configuration.this : word => one(one(bucket.rule).apply_server_side_encryption_by_default).sse_algorithm } == { backups = "aws:kms", control = "aws:kms", markers = "AES256" }
    error_message = "backups and control must be under the key, markers where health checkers can read them"
  }

  assert {
    condition     = alltrue([for word in ["backups", "control"] : one(one(aws_s3_bucket_server_side_encryption_configuration.this[word].rule).apply_server_side_encryption_by_default).kms_master_key_id == var.key])
    error_message = "the key must be this region's"
  }

  assert {
    condition     = alltrue([for word in ["backups", "control"] : one(aws_s3_bucket_server_side_encryption_configuration.this[word].rule).bucket_key_enabled])
    error_message = "without bucket keys S3 asks KMS for each object, and the roles' conditions do not hold"
  }
}

run "without_a_key_every_bucket_is_under_aes_256_and_says_so" {
  command = plan

  module {
    source = "../modules/buckets"
  }

  variables {
    control               = "control-east"
    backups               = "backups-east"
    markers               = "markers-east"
    retention_days        = 7
    locked                = false
    health_checker_ranges = ["192.0.2.0/24"]
    local                 = false
    key                   = null
  }

  assert {
    condition     = { for word, bucket in aws_s3_bucket_server_side_encryption_configuration.this : word => one(one(bucket.rule).apply_server_side_encryption_by_default).sse_algorithm } == { backups = "AES256", control = "AES256", markers = "AES256" }
    error_message = "AES-256 is what nobody has to ask for"
  }

  assert {
    condition     = keys(aws_s3_bucket_policy.this) == ["backups", "control", "markers"]
    error_message = "every bucket has a policy"
  }

  assert {
    condition = alltrue([
      for word, bucket in { control = var.control, backups = var.backups, markers = var.markers } : contains(
        [for statement in jsondecode(aws_s3_bucket_policy.this[word].policy).Statement : jsonencode(statement)],
        jsonencode({
          Sid       = "OnlyOverTls"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = ["arn:aws:s3:::${bucket}", "arn:aws:s3:::${bucket}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        }),
      )
    ])
    error_message = "of every bucket the bucket itself and all that is in it are asked for over TLS only"
  }
}

run "copies_are_under_the_key_of_where_they_go" {
  command = plan

  module {
    source = "../modules/replication"
  }

  variables {
    application       = "forum"
    source_names      = var.home
    destination_names = var.standby
  }

  assert {
    condition     = length(aws_s3_bucket_replication_configuration.this.rule) == 5
    error_message = "five prefixes are copied"
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_replication_configuration.this.rule : one(one(rule.source_selection_criteria).sse_kms_encrypted_objects).status == "Enabled"])
    error_message = "without this nothing that is under a key is copied"
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_replication_configuration.this.rule : one(one(rule.destination).encryption_configuration).replica_kms_key_id == var.destination_names.kms.key])
    error_message = "the copy must need nothing of the region that it comes from"
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement if strcontains(jsonencode(statement.Action), "kms:")]) == jsonencode([
      {
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = var.source_names.kms.readable
        Condition = {
          StringEquals = {
            "kms:ViaService"                   = "s3.us-east-1.amazonaws.com"
            "kms:EncryptionContext:aws:s3:arn" = "arn:aws:s3:::backups-east"
          }
        }
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource = "arn:aws:kms:us-west-2:111122223333:key/west"
        Condition = {
          StringEquals = {
            "kms:ViaService"                   = "s3.us-west-2.amazonaws.com"
            "kms:EncryptionContext:aws:s3:arn" = "arn:aws:s3:::backups-west"
          }
        }
      },
    ])
    error_message = "the role reads under the source's keys and writes under the destination's, through S3, for these two buckets"
  }
}

run "without_keys_copying_asks_for_none" {
  command = plan

  module {
    source = "../modules/replication"
  }

  variables {
    application       = "forum"
    source_names      = var.keyless
    destination_names = var.keyless
  }

  assert {
    condition     = alltrue([for rule in aws_s3_bucket_replication_configuration.this.rule : length(rule.source_selection_criteria) == 0 && length(one(rule.destination).encryption_configuration) == 0])
    error_message = "S3 refuses one of the two without the other"
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "kms:")
    error_message = "no role has a right that it does not need"
  }
}

run "a_function_uses_its_own_keys_for_its_own_buckets_and_the_other_regions_to_read_its_control" {
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
    settings   = { directory = "functions", architecture = "x86_64", log_level = "warn", log_retention_days = 7 }
    own        = var.home
    peer       = var.standby
  }

  assert {
    condition = jsonencode([for statement in jsondecode(aws_iam_role_policy.this.policy).Statement : statement if strcontains(jsonencode(statement.Action), "kms:")]) == jsonencode([
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = var.own.kms.readable
        Condition = {
          StringEquals = {
            "kms:ViaService"                   = "s3.us-east-1.amazonaws.com"
            "kms:EncryptionContext:aws:s3:arn" = ["arn:aws:s3:::control-east", "arn:aws:s3:::backups-east"]
          }
        }
      },
      {
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = ["arn:aws:kms:us-west-2:111122223333:key/west"]
        Condition = {
          StringEquals = {
            "kms:ViaService"                   = "s3.us-west-2.amazonaws.com"
            "kms:EncryptionContext:aws:s3:arn" = "arn:aws:s3:::control-west"
          }
        }
      },
    ])
    error_message = "no function opens the other region's backups, and none uses a key but through S3"
  }
}

run "a_function_that_asks_nothing_of_the_other_region_has_no_right_to_its_key" {
  module {
    source = "../modules/function"
  }

  variables {
    name       = "forum-backup"
    zip        = "failover"
    memory     = 256
    timeout    = 60
    given_up   = "see its log"
    statements = []
    settings   = { directory = "functions", architecture = "x86_64", log_level = "warn", log_retention_days = 7 }
    own        = var.home
  }

  assert {
    condition     = !strcontains(aws_iam_role_policy.this.policy, "us-west-2")
    error_message = "its own region is enough for it"
  }
}

run "a_region_with_keys_is_planned" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    functions_directory   = abspath("functions")
    health_checker_ranges = ["192.0.2.0/24"]
    efs_file_system_id    = { us-east-1 = "fs-1", us-west-2 = "fs-2" }
    kms_key_arn = {
      us-east-1 = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      us-west-2 = "arn:aws:kms:us-west-2:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
    }
  }
}

run "what_joins_two_regions_with_keys_is_planned" {
  command = plan

  variables {
    kms_key_arn = {
      us-east-1 = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
      us-west-2 = "arn:aws:kms:us-west-2:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
    }
    kms_earlier_key_arns = {
      us-east-1 = ["arn:aws:kms:us-east-1:111122223333:key/4321abcd-12ab-34cd-56ef-1234567890ab"]
    }
  }
}

run "a_key_for_one_region_alone_is_refused" {
  command = plan

  variables {
    kms_key_arn = { us-east-1 = "arn:aws:kms:us-east-1:111122223333:key/1234abcd" }
  }

  expect_failures = [var.kms_key_arn]
}

run "a_key_for_a_third_region_is_refused" {
  command = plan

  variables {
    kms_key_arn = {
      us-east-1 = "arn:aws:kms:us-east-1:111122223333:key/1234abcd"
      eu-west-1 = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd"
    }
  }

  expect_failures = [var.kms_key_arn]
}

run "a_key_of_another_region_is_refused" {
  command = plan

  variables {
    kms_key_arn = {
      us-east-1 = "arn:aws:kms:us-west-2:111122223333:key/1234abcd"
      us-west-2 = "arn:aws:kms:us-west-2:111122223333:key/1234abcd"
    }
  }

  expect_failures = [var.kms_key_arn]
}

run "an_alias_is_refused" {
  command = plan

  variables {
    kms_key_arn = {
      us-east-1 = "arn:aws:kms:us-east-1:111122223333:alias/backups"
      us-west-2 = "arn:aws:kms:us-west-2:111122223333:key/1234abcd"
    }
  }

  expect_failures = [var.kms_key_arn]
}

run "an_id_without_its_arn_is_refused" {
  command = plan

  variables {
    kms_key_arn = { us-east-1 = "1234abcd", us-west-2 = "1234abcd" }
  }

  expect_failures = [var.kms_key_arn]
}

run "an_earlier_key_of_a_third_region_is_refused" {
  command = plan

  variables {
    kms_earlier_key_arns = { eu-west-1 = ["arn:aws:kms:eu-west-1:111122223333:key/1234abcd"] }
  }

  expect_failures = [var.kms_earlier_key_arns]
}

run "an_earlier_alias_is_refused" {
  command = plan

  variables {
    kms_earlier_key_arns = { us-east-1 = ["arn:aws:kms:us-east-1:111122223333:alias/backups"] }
  }

  expect_failures = [var.kms_earlier_key_arns]
}
