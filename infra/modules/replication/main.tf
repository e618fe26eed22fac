# One direction of the backups' replication; the join root calls it twice. The provider is the source region's.

locals {
  source_arn      = "arn:aws:s3:::${var.source_names.backups_bucket}"
  destination_arn = "arn:aws:s3:::${var.destination_names.backups_bucket}"

  # With bucket keys S3 speaks to KMS of the bucket. At the destination it opens the bucket's key to see that it is the right one,
  # and asks for a new one for what lay at the source before there were keys.
  key_statements = concat(
    [for keys in [var.source_names.kms.readable] : {
      Effect   = "Allow"
      Action   = "kms:Decrypt"
      Resource = keys
      Condition = {
        StringEquals = {
          "kms:ViaService"                   = "s3.${var.source_names.region}.amazonaws.com"
          "kms:EncryptionContext:aws:s3:arn" = local.source_arn
        }
      }
    } if length(keys) > 0],
    [for key in var.destination_names.kms.key[*] : {
      Effect   = "Allow"
      Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
      Resource = key
      Condition = {
        StringEquals = {
          "kms:ViaService"                   = "s3.${var.destination_names.region}.amazonaws.com"
          "kms:EncryptionContext:aws:s3:arn" = local.destination_arn
        }
      }
    }],
  )
}

# Without a condition, on purpose: AWS does not say that S3 names its bucket or account when it replicates, and where it does not,
# nothing is copied and nobody told. Only who may pass this role can give it to a bucket, and nobody can to one of another account.
resource "aws_iam_role" "this" {
  name = "${var.application}-replication-${var.source_names.region}"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "s3.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "allowed"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["s3:GetReplicationConfiguration", "s3:ListBucket"]
        Resource = local.source_arn
      },
      {
        Effect   = "Allow"
        Action   = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging", "s3:GetObjectRetention", "s3:GetObjectLegalHold"]
        Resource = "${local.source_arn}/*"
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ReplicateObject", "s3:ReplicateTags"]
        Resource = "${local.destination_arn}/*"
      },
    ], local.key_statements)
  })
}

# Deletions are not copied: what one region loses, the other still has. What is kept longer each region keeps for itself.
resource "aws_s3_bucket_replication_configuration" "this" {
  bucket = var.source_names.backups_bucket
  role   = aws_iam_role.this.arn

  dynamic "rule" {
    for_each = ["backups", "packs", "replaced", "reports", "salvage"]

    content {
      id       = "${rule.value}-to-${var.destination_names.region}"
      status   = "Enabled"
      priority = rule.key + 1

      filter {
        prefix = "${rule.value}/"
      }

      delete_marker_replication {
        status = "Disabled"
      }

      # Unless it is said so, what is under a key is not copied.
      dynamic "source_selection_criteria" {
        for_each = var.destination_names.kms.key[*]
        content {
          sse_kms_encrypted_objects {
            status = "Enabled"
          }
        }
      }

      destination {
        bucket = local.destination_arn

        # A region that is lost takes no key with it that the other one needs.
        dynamic "encryption_configuration" {
          for_each = var.destination_names.kms.key[*]
          content {
            replica_kms_key_id = encryption_configuration.value
          }
        }
      }
    }
  }

  depends_on = [aws_iam_role_policy.this]
}
