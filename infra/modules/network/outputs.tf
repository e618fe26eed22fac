output "vpc" {
  description = "Id of the network."
  value       = aws_vpc.this.id
}

output "private_subnets" {
  description = "Id of the private subnet in each zone."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "public_subnets" {
  description = "Ids of the public subnets."
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]
}
