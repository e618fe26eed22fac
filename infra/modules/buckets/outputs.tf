output "names" {
  description = "The buckets, once they can be written."
  value       = { for word, block in aws_s3_bucket_public_access_block.this : word => block.bucket }
  depends_on  = [aws_s3_bucket_server_side_encryption_configuration.this]
}
