# Two applications in one account, whose names are as long as they may be. `tests/tests/contracts/applications.rs` runs it in the join
# root, beside a folder with zips that are none, and looks at what is planned; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"
}

mock_provider "aws" {
  alias  = "standby"
  source = "./mocked"
}

variables {
  functions_directory     = abspath("functions")
  home_region             = "ap-southeast-1"
  home_availability_zones = ["ap-southeast-1a", "ap-southeast-1b"]
  dr_region               = "ap-northeast-1"
  dr_availability_zones   = ["ap-northeast-1a", "ap-northeast-1c"]

  certificate_arn = {
    ap-southeast-1 = "arn:aws:acm:ap-southeast-1:111122223333:certificate/1"
    ap-northeast-1 = "arn:aws:acm:ap-northeast-1:111122223333:certificate/1"
  }

  services = [{ name = "fourteenletter" }, { name = "users" }, { name = "users-a", data = "none" }]

  # Whatever a region may be told of them beside that.
  image_patterns              = [{ repository = "base/*" }]
  image_platforms             = ["linux/amd64"]
  create_missing_repositories = true
  dr_warm_tasks               = 1
  maintenance_windows         = ["sat 22:00-02:00"]
  drill_blocked_windows       = ["sun 22:00-02:00"]
  service_hosts               = { ap-southeast-1 = ["home.internal"], ap-northeast-1 = ["standby.internal"] }

  service_data = {
    users = {
      ap-southeast-1 = {
        bucket = { bucket = "users-home", prefix = "data/" }
        hook   = { address = "https://home.internal/hold", secret = "arn:aws:secretsmanager:ap-southeast-1:111122223333:secret:hook" }
      }
      ap-northeast-1 = {
        bucket = { bucket = "users-standby", prefix = "data/" }
        hook   = { address = "https://standby.internal/hold", secret = "arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:hook" }
      }
    }
  }
}

run "one_home" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    application = "sixteenletters01"
    domain      = "one.example.com"
  }
}

run "one_standby" {
  command = plan

  module {
    source = "../standby"
  }

  variables {
    application = "sixteenletters01"
    domain      = "one.example.com"
  }
}

run "one_join" {
  command = plan

  variables {
    application = "sixteenletters01"
    domain      = "one.example.com"
  }
}

run "other_home" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    application = "sixteenletters02"
    domain      = "other.example.com"
  }
}

run "other_standby" {
  command = plan

  module {
    source = "../standby"
  }

  variables {
    application = "sixteenletters02"
    domain      = "other.example.com"
  }
}

run "other_join" {
  command = plan

  variables {
    application = "sixteenletters02"
    domain      = "other.example.com"
  }
}
