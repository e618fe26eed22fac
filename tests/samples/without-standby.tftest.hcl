# What goes with the standby: each root is planned with it and without it. `tests/tests/contracts/without_standby.rs` runs it in the join
# root, both of infra and of examples/existing-services, with their own settings, and compares the two; nothing here asks any cloud.

mock_provider "aws" {
  source = "./mocked"
}

mock_provider "aws" {
  alias  = "standby"
  source = "./mocked"
}

run "home_with" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    enable_dr = true
  }
}

run "home_without" {
  command = plan

  module {
    source = "../home"
  }

  variables {
    enable_dr = false
  }
}

run "standby_with" {
  command = plan

  module {
    source = "../standby"
  }

  variables {
    enable_dr = true
  }
}

run "standby_without" {
  command = plan

  module {
    source = "../standby"
  }

  variables {
    enable_dr = false
  }
}

run "join_with" {
  command = plan

  variables {
    enable_dr = true
  }
}

run "join_without" {
  command = plan

  variables {
    enable_dr = false
  }
}
