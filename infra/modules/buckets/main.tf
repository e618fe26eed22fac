# Three buckets: control (configuration, state, reports, replies), backups, and the markers that move traffic.

locals {
  buckets = { control = var.control, backups = var.backups, markers = var.markers }

  # Route 53's health checkers are nobody to KMS, which answers only those it knows: under a key they could not read a marker.
  keys = { control = var.key, backups = var.key, markers = null }

  published_ranges = flatten(data.aws_ip_ranges.health_checkers[*].cidr_blocks)
  marker_readers   = distinct(concat(var.health_checker_ranges, local.published_ranges, var.local ? ["127.0.0.0/8"] : []))

  marker_statement = {
    Sid       = "HealthCheckersReadTheMarkers"
    Effect    = "Allow"
    Principal = "*"
    Action    = "s3:GetObject"
    Resource  = [for key in ["serve", "fenced", "reclaim"] : "arn:aws:s3:::${var.markers}/${key}"]
    Condition = { IpAddress = { "aws:SourceIp" = local.marker_readers } }
  }

  # The local cloud speaks plain HTTP.
  tls_statements = {
    for word, bucket in local.buckets : word => var.local ? [] : [{
      Sid       = "OnlyOverTls"
      Effect    = "Deny"
      Principal = "*"
      Action    = "s3:*"
      Resource  = ["arn:aws:s3:::${bucket}", "arn:aws:s3:::${bucket}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  }

  policies = {
    for word in keys(local.buckets) : word => concat(local.tls_statements[word], word == "markers" ? [local.marker_statement] : [])
  }
}

data "aws_ip_ranges" "health_checkers" {
  count    = var.local || length(var.health_checker_ranges) > 0 ? 0 : 1
  services = ["route53_healthchecks"]
}

resource "aws_s3_bucket" "this" {
  for_each      = local.buckets
  bucket        = each.value
  force_destroy = var.local

  lifecycle {
    prevent_destroy = true
  }
}

# All four also for the markers: a policy limited to fixed address ranges does not count as public.
resource "aws_s3_bucket_public_access_block" "this" {
  for_each                = aws_s3_bucket.this
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "this" {
  for_each = { for word, statements in local.policies : word => statements if length(statements) > 0 }
  bucket   = aws_s3_bucket_public_access_block.this[each.key].bucket
  policy   = jsonencode({ Version = "2012-10-17", Statement = each.value })
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = aws_s3_bucket.this
  bucket   = each.value.id

  rule {
    # So S3 asks KMS for the bucket once in a while, and not for each object.
    bucket_key_enabled = local.keys[each.key] == null ? null : true

    apply_server_side_encryption_by_default {
      sse_algorithm     = local.keys[each.key] == null ? "AES256" : "aws:kms"
      kms_master_key_id = local.keys[each.key]
    }
  }
}

resource "aws_s3_bucket_versioning" "backups" {
  bucket = aws_s3_bucket.this["backups"].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_object_lock_configuration" "backups" {
  count  = var.locked ? 1 : 0
  bucket = aws_s3_bucket_versioning.backups.bucket

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = var.retention_days
    }
  }
}

# What is old is removed by the backup function, which knows what a newer backup still needs; nothing goes by its age alone.
# What it removed stays for as long again as an older version.
resource "aws_s3_bucket_lifecycle_configuration" "backups" {
  bucket = aws_s3_bucket_versioning.backups.bucket

  rule {
    id     = "removed-objects-go"
    status = "Enabled"

    filter {
      prefix = ""
    }

    noncurrent_version_expiration {
      noncurrent_days = var.retention_days
    }

    # Of what has no version left. Each list would pass over it for ever.
    expiration {
      expired_object_delete_marker = true
    }
  }

  # The only ones that grow cold: nothing else in the bucket needs them, and they need nothing else.
  rule {
    id     = "kept-copies-grow-cold"
    status = "Enabled"

    filter {
      prefix = "kept/"
    }

    transition {
      days          = 30
      storage_class = "STANDARD_IA"
    }

    transition {
      days          = 90
      storage_class = "GLACIER"
    }
  }

  rule {
    id     = "unfinished-uploads-end"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

# A reply is read within minutes. An execution that was paused for longer than this asks again.
resource "aws_s3_bucket_lifecycle_configuration" "control" {
  bucket = aws_s3_bucket.this["control"].id

  rule {
    id     = "replies-expire"
    status = "Enabled"

    filter {
      prefix = "replies/"
    }

    expiration {
      days = 7
    }
  }
}
