# One file for the three roots. This shop is made up; put your own names in their places.

application = "shop"
domain      = "lifeboat.shop.example.com"
hosted_zone = { id = "Z0123456789ABCDEFGHIJ", name = "shop.example.com" }

# Until users are led to the domain.
automatic = false

home_region = "us-east-1"
dr_region   = "us-west-2"

services = [
  { name = "users", health = "/api/users/healthz" },
  { name = "orders", health = "/api/orders/healthz", minimum = 3, maximum = 12 },
]

existing = {
  us-east-1 = {
    cluster       = "production"
    load_balancer = { name = "public", address = "https://us-east-1.shop.example.com" }
    services = {
      users  = { service = "users-service", repository = "team/users" }
      orders = { service = "orders-service", repository = "team/orders", template = "orders" }
    }
  }

  us-west-2 = {
    cluster       = "production-west"
    load_balancer = { name = "public-west", address = "https://us-west-2.shop.example.com" }
    services = {
      users  = { service = "users-service", repository = "team/users" }
      orders = { service = "orders-service", repository = "team/orders", template = "orders" }
    }
  }
}

mount = {
  us-east-1 = { access_point = "fsap-0123456789abcdef0", subnets = ["subnet-0123456789abcdef0"], security_groups = ["sg-0123456789abcdef0"] }
  us-west-2 = { access_point = "fsap-0fedcba9876543210", subnets = ["subnet-0fedcba9876543210"], security_groups = ["sg-0fedcba9876543210"] }
}

service_data = {
  orders = {
    us-east-1 = { bucket = { bucket = "shop-orders-east", prefix = "live/" } }
    us-west-2 = { bucket = { bucket = "shop-orders-west", prefix = "live/" } }
  }
}
