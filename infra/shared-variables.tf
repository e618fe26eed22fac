# tflint-ignore-file: terraform_unused_declarations # one file of settings serves three roots, and each uses what it needs
# What is protected, and how; each root has this file as variables.tf (a symbolic link).

variable "application" {
  description = "What is protected together. Its name starts every resource, key, metric dimension and execution name."
  type        = string
  default     = "forum"

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{0,15}$", var.application))
    error_message = "application must begin with a letter, hold only lower-case letters and digits, and have at most 16: with a hyphen its names could be those of another application in the account, and longer ones do not fit a load balancer's."
  }
}

variable "domain" {
  description = "The name the users ask for. Where no hosted zone is named, join makes one; delegate it at the parent."
  type        = string
}

variable "services" {
  description = <<-EOT
    The protected services. A name is also the path prefix, the data folder and the role. minimum and maximum are the
    numbers of tasks in production between which it is scaled (min_capacity and max_capacity unless given). Append only:
    the position is the priority of the load balancer's rule. health is the path at which the load balancer answers 200
    while the service is well, /<name>/health unless given.

    writes says how a planned failover stops the service's writes. "any" stops its tasks, so it does not read either.
    "http" declares that every write comes by HTTP through the load balancer, by POST, PUT, PATCH or DELETE: those are then
    answered 503 while the rest goes on. Do not declare it of a service that also writes otherwise: on a GET, by another
    method, by itself (timers, queues), or on a connection that stays open. longest_write_seconds (1 to 120) is the longest
    that one of its writes may take, with a few seconds for the rule to reach every part of the load balancer.

    data says what the service's files hold. With "json" no backup is taken while a file called .json holds none, because it
    would be of no use; "any" takes every file as it is. "none" declares that there are none: nothing of the service is backed
    up or restored, and its tasks mount no folder. Do not declare it of a service that writes anything which a region must
    not lose. At least one service has data.
  EOT
  type = list(object({
    name                  = string
    minimum               = optional(number)
    maximum               = optional(number)
    writes                = optional(string, "any")
    longest_write_seconds = optional(number, 10)
    data                  = optional(string, "any")
    health                = optional(string)
  }))

  validation {
    condition     = length(var.services) > 0 && length(distinct(var.services[*].name)) == length(var.services)
    error_message = "services must list at least one service, each name once."
  }

  validation {
    condition     = alltrue([for service in var.services : can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", service.name)) && length(service.name) <= 14])
    error_message = "a service's name must begin with a letter, hold only lower-case letters, digits and single hyphens between them, and have at most 14 characters: other names do not fit an image repository's name, longer ones a target group's."
  }

  validation {
    condition     = alltrue([for service in var.services : !endswith(service.name, "-pinned")])
    error_message = "a service's name must not end with -pinned: that is how the pins of the service without it are named."
  }

  validation {
    condition     = alltrue([for service in var.services : coalesce(service.minimum, 1) >= 1])
    error_message = "a service's minimum must be at least 1: with no task in production there is nothing to protect."
  }

  validation {
    condition     = alltrue([for service in var.services : coalesce(service.maximum, var.max_capacity) >= coalesce(service.minimum, var.min_capacity)])
    error_message = "a service's maximum must be at least its minimum."
  }

  validation {
    condition     = alltrue([for service in var.services : can(regex("^/[A-Za-z0-9._~/-]*$", coalesce(service.health, "/")))])
    error_message = "a service's health must be a path that begins with /, such as /users/health, of letters, digits and ._~-/."
  }

  validation {
    condition     = alltrue([for service in var.services : contains(["any", "json", "none"], service.data)])
    error_message = "a service's data must be any, json or none."
  }

  validation {
    condition     = anytrue([for service in var.services : service.data != "none"])
    error_message = "services must have one whose data is not none: without any data there is nothing to back up."
  }

  validation {
    condition     = alltrue([for service in var.services : contains(["any", "http"], service.writes)])
    error_message = "a service's writes must be any or http."
  }

  validation {
    condition     = alltrue([for service in var.services : service.longest_write_seconds >= 1 && service.longest_write_seconds <= 120 && floor(service.longest_write_seconds) == service.longest_write_seconds])
    error_message = "a service's longest_write_seconds must be a whole number from 1 to 120: a source is waited for no longer than three minutes."
  }
}

variable "service_data" {
  description = <<-EOT
    Services whose data is not in their folder, or that hold still while it is read: service => region => where and how. Both
    regions have a service's data in the same kind of place.

    bucket names objects of a bucket of that region: every one whose key begins with the prefix, which ends with a slash. A
    restore removes those that the backup does not have. Types, encodings, user metadata and tags are backed up with an object.

    http names an address of the service itself: its data is read there by GET, and put there by PUT, as one file that holds
    everything. What is put there takes the place of what was there, at once or not at all, and is exported again byte for byte.
    An execution puts it there once the tasks are healthy, and moves users afterwards. Such a service must have writes =
    "http": its tasks tell what was written last when its writes are stopped.

    hook names an address that is told, by POST of {"action": "pause", "id": …, "longest_seconds": …}, to answer once the service
    has written down what it has and writes no more, and {"action": "release", "id": …} afterwards. It goes on by itself after
    longest_seconds (1 to 900), for whoever was to release it may die.

    secret is the ARN of a secret of that region whose text is a token; it is sent as Authorization: Bearer. Addresses are
    https, and their hosts are named in service_hosts.
  EOT
  type = map(map(object({
    bucket = optional(object({ bucket = string, prefix = string }))
    http = optional(object({
      address         = string
      secret          = string
      file            = optional(string, "export.json")
      longest_bytes   = optional(number, 104857600)
      longest_seconds = optional(number, 60)
    }))
    hook = optional(object({ address = string, secret = string, longest_seconds = optional(number, 60) }))
  })))
  default = {}

  validation {
    condition     = length(setsubtract(keys(var.service_data), var.services[*].name)) == 0
    error_message = "service_data must name services of var.services: ${join(", ", setsubtract(keys(var.service_data), var.services[*].name))} is none."
  }

  validation {
    condition     = length(setintersection(keys(var.service_data), [for service in var.services : service.name if service.data == "none"])) == 0
    error_message = "service_data must not name a service whose data is none: ${join(", ", setintersection(keys(var.service_data), [for service in var.services : service.name if service.data == "none"]))}."
  }

  validation {
    condition     = alltrue([for regions in values(var.service_data) : length(setsubtract(keys(regions), [var.home_region, var.dr_region])) == 0])
    error_message = "service_data must name ${var.home_region} and ${var.dr_region}, and no other region."
  }

  validation {
    condition = alltrue([for regions in values(var.service_data) : length(distinct([for region in [var.home_region, var.dr_region] : join(" ", [
      for kind, place in { bucket = try(regions[region].bucket, null), http = try(regions[region].http, null) } : kind if place != null
    ])])) == 1])
    error_message = "a service's data must be in the same kind of place in both regions: a bucket in each, http in each, or its folder in each."
  }

  validation {
    condition     = alltrue(flatten([for regions in values(var.service_data) : [for there in values(regions) : there.bucket == null || there.http == null]]))
    error_message = "a service's data is in a bucket or behind http, not both."
  }

  validation {
    condition     = alltrue([for service in var.services : service.writes == "http" || alltrue([for there in values(try(var.service_data[service.name], {})) : there.http == null])])
    error_message = "a service whose data is behind http must have writes = \"http\": its tasks tell what was written last, so a planned failover must leave them up."
  }

  validation {
    condition     = alltrue(flatten([for regions in values(var.service_data) : [for there in values(regions) : there.bucket == null || can(regex("^[A-Za-z0-9!_.()'-]+(/[A-Za-z0-9!_.()'-]+)*/$", there.bucket.prefix))]]))
    error_message = "a bucket's prefix must be a path that ends with /, such as users/, of letters, digits and !_.()'-."
  }
}

variable "service_hosts" {
  description = "The hosts that tokens of services may be sent to (region => hosts): those of every address in service_data."
  type        = map(list(string))
  default     = {}
}

variable "task_secrets" {
  description = <<-EOT
    ARNs of the secrets and parameters that task definitions name (region => ARNs), each of its own region; the suffix of a secret may
    be a star. The probe looks whether they are there, and may not read them.
  EOT
  type        = map(list(string))
  default     = {}

  validation {
    condition     = alltrue(flatten([for region, arns in var.task_secrets : [for arn in arns : can(regex("^arn:[a-z-]+:(secretsmanager:${region}:[0-9]+:secret:|ssm:${region}:[0-9]+:parameter/).+$", arn))]]))
    error_message = "task_secrets must be ARNs of secrets or parameters, each of the region that it stands under: what another region has is lost with it."
  }
}

variable "backup_scratch_megabytes" {
  description = "Disk of the backup function: the largest object or import that is restored must fit."
  type        = number
  default     = 512

  validation {
    condition     = var.backup_scratch_megabytes >= 512 && var.backup_scratch_megabytes <= 10240 && floor(var.backup_scratch_megabytes) == var.backup_scratch_megabytes
    error_message = "backup_scratch_megabytes must be a whole number from 512 to 10240."
  }
}

variable "home_region" {
  description = "The region that serves in ordinary times."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.home_region)) && length(var.home_region) <= 15
    error_message = "home_region must be the name of a region, such as us-east-1, of at most 15 characters: longer ones do not fit a load balancer's name."
  }
}

variable "enable_dr" {
  description = <<-EOT
    Whether the standby is kept ready. When false, the standby keeps what holds data or costs nothing (buckets, image
    repositories, network, functions, workflow) and loses its load balancer, its services and its DNS records, and the
    domain its health checks; in both regions probing, watching, reconciling and the automatic start of a failover stop,
    and their alarms and dashboards go. Backups go on, and come to the standby, which keeps and prunes them. Set it to
    false only while home serves: the standby's services are removed whatever they do. Apply join first; to set it to
    true again apply join last. docs/costs.md says what it saves.
  EOT
  type        = bool
  default     = true
}

variable "dr_region" {
  description = "The standby region."
  type        = string
  default     = "us-west-2"

  validation {
    condition     = var.dr_region != var.home_region
    error_message = "dr_region must differ from home_region."
  }

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]+$", var.dr_region)) && length(var.dr_region) <= 15
    error_message = "dr_region must be the name of a region, such as us-west-2, of at most 15 characters: longer ones do not fit a load balancer's name."
  }
}

variable "backup_retention_days" {
  description = "Days after which a backup expires. What expired can be brought back as an older version for as long again."
  type        = number
  default     = 7

  validation {
    condition     = var.backup_retention_days >= 1 && floor(var.backup_retention_days) == var.backup_retention_days
    error_message = "backup_retention_days must be a whole number of days, at least 1."
  }
}

variable "backup_keep" {
  description = <<-EOT
    How many backups are kept beyond backup_retention_days: the first one of each of the last days, weeks (from Monday, in
    UTC) and months; 0 keeps none. Each is a copy of everything that it needs, in each region, and its storage becomes
    colder: Standard-IA after 30 days, Glacier Flexible Retrieval after 90.
  EOT
  type        = object({ daily = optional(number, 0), weekly = optional(number, 0), monthly = optional(number, 0) })
  default     = { daily = 7, weekly = 4, monthly = 12 }

  validation {
    condition     = alltrue([for count in values(var.backup_keep) : count >= 0 && count <= 3660 && floor(count) == count])
    error_message = "Each number of backup_keep must be a whole number from 0 to 3660."
  }
}

variable "enable_object_lock" {
  description = <<-EOT
    Whether what is written to the backups buckets is locked for backup_retention_days: nobody can delete it for good or
    overwrite it before, but who holds s3:BypassGovernanceRetention. What backups go on needing, and the copies of
    backup_keep, are locked for as long as they are kept. Switched off later, it leaves the locks that there are, as do
    settings by which less is kept.
  EOT
  type        = bool
  default     = false
}

variable "enable_cross_region_backup" {
  description = <<-EOT
    Whether backups replicate between the regions, both ways. When false, backups are taken but stay in their region: a
    planned failover or failback is refused at its beginning, and so is an unplanned failover, which has no backup to
    restore. Switched off later, it leaves the old backups until they expire, and an unplanned failover restores those.
  EOT
  type        = bool
  default     = true
}

variable "kms_key_arn" {
  description = <<-EOT
    A key of your own for each region (region => ARN of a symmetric key of that region), under which its backups and control
    buckets are encrypted. Given for both regions or for none; without it S3 encrypts with AES-256 and keys of its own. What is
    copied to the other region is encrypted under that one's key, so neither region needs the other's. Markers stay without:
    Route 53's health checkers could not read them. Objects that lie there already stay as they are.

    The keys' policies must leave it to the account's IAM policies who may use them, as AWS's default policy does; whoever applies
    this, and whoever reads a bucket or uses the lifeboat command, needs kms:Decrypt and kms:GenerateDataKey of both. A key costs
    a dollar a month; S3 asks KMS once in a while for the bucket and not for each object. KMS may rotate a key, whose ARN stays.
  EOT
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.kms_key_arn) == 0 || (length(var.kms_key_arn) == 2 && length(setsubtract(keys(var.kms_key_arn), [var.home_region, var.dr_region])) == 0)
    error_message = "kms_key_arn must name a key for both ${var.home_region} and ${var.dr_region} and for no other region, or be empty: what one region stores is copied under the other one's key."
  }

  validation {
    condition     = alltrue([for region, key in var.kms_key_arn : can(regex("^arn:aws:kms:${region}:[0-9]{12}:key/[0-9a-z-]+$", key))])
    error_message = "kms_key_arn must hold the whole ARN of a key of the very region it is given for, such as arn:aws:kms:us-east-1:111122223333:key/1234abcd-…, and no alias: S3 takes the ARN of a key to copy to, and does not say when it is wrong."
  }
}

variable "kms_earlier_key_arns" {
  description = <<-EOT
    Keys of your own that were kms_key_arn before (region => ARNs): what was written under them is still read. Name a key here
    when you put another in its place or give it up, and keep it for good: a backup builds on what older ones have stored.
  EOT
  type        = map(list(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.kms_earlier_key_arns), [var.home_region, var.dr_region])) == 0
    error_message = "kms_earlier_key_arns must name ${var.home_region} and ${var.dr_region}, and no other region."
  }

  validation {
    condition     = alltrue(flatten([for region, keys in var.kms_earlier_key_arns : [for key in keys : can(regex("^arn:aws:kms:${region}:[0-9]{12}:key/[0-9a-z-]+$", key))]]))
    error_message = "kms_earlier_key_arns must hold whole ARNs of keys of the very region they are given for, such as arn:aws:kms:us-east-1:111122223333:key/1234abcd-…, and no alias."
  }
}

variable "backup_schedule" {
  description = "How often a backup is taken: the recovery point of an unplanned failover."
  type        = string
  default     = "rate(5 minutes)"
}

variable "refresh_schedule" {
  description = <<-EOT
    How often the passive region's data is brought to the newest backup, so that a failover applies only what came after it.
    Each time it writes every file that changed since the last one: EFS asks for a few cents for each gigabyte of them.
  EOT
  type        = string
  default     = "rate(15 minutes)"
}

variable "drill_schedule" {
  description = <<-EOT
    When the passive region rehearses by itself, as an EventBridge schedule expression in UTC: it brings its services up, restores
    into a scratch place, tests and tears down, and no user notices. It pays for the tasks of some minutes. drill_blocked_windows and
    anything else that speaks against a drill keep it from beginning, which an alarm says. null for never.
  EOT
  type        = string
  default     = "cron(0 10 ? * TUE#1 *)"
}

variable "drill_days" {
  description = "Days after which the last drill that passed is too old."
  type        = number
  default     = 40

  validation {
    condition     = var.drill_days >= 1
    error_message = "drill_days must be at least 1."
  }
}

variable "failover_reminder" {
  description = "When people are reminded that a full failover, there and back, is due: an EventBridge schedule expression in UTC, quarterly unless given; null for never."
  type        = string
  default     = "cron(0 9 ? 1,4,7,10 MON#2 *)"
}

variable "exercise_reminder" {
  description = "When people are reminded of the yearly exercise with everybody: an EventBridge schedule expression in UTC; null for never."
  type        = string
  default     = "cron(0 9 ? 2 MON#3 *)"
}

variable "proof_days" {
  description = "Days after which the last good proof, a backup that was restored into a scratch place and read back, is too old. One is due daily in the passive region."
  type        = number
  default     = 8

  validation {
    condition     = var.proof_days >= 2
    error_message = "proof_days must be at least 2: a proof is due daily."
  }
}

variable "rpo_seconds" {
  description = "Recovery point objective: how old the newest backup may be."
  type        = number
  default     = 3600

  validation {
    condition     = var.rpo_seconds >= 1
    error_message = "rpo_seconds must be at least 1."
  }
}

variable "rto_seconds" {
  description = "Recovery time objective."
  type        = number
  default     = 900

  validation {
    condition     = var.rto_seconds >= 1
    error_message = "rto_seconds must be at least 1."
  }
}

variable "cool_down_seconds" {
  description = "Time after an automatic failover in which no other one starts."
  type        = number
  default     = 3600
}

variable "daily_starts" {
  description = "How many automatic failovers may start in a day."
  type        = number
  default     = 2
}

variable "automatic" {
  description = "Whether an alarm may start a failover. The global off switch."
  type        = bool
  default     = true
}

variable "automatic_failback" {
  description = "Whether an alarm may start a failover towards home."
  type        = bool
  default     = false
}

variable "approval" {
  description = "Which executions wait for a person before users are moved: never, planned or always. Without an answer in time it is a no, as if they had failed."
  type        = string
  default     = "never"

  validation {
    condition     = contains(["never", "planned", "always"], var.approval)
    error_message = "approval must be never, planned or always."
  }
}

variable "approval_seconds" {
  description = "How long a person is waited for."
  type        = number
  default     = 3600

  validation {
    condition     = var.approval_seconds >= 60 && var.approval_seconds <= 604800 && floor(var.approval_seconds) == var.approval_seconds
    error_message = "approval_seconds must be a whole number from 60 to 604800, a week."
  }
}

variable "commit_seconds" {
  description = "How long a planned failover that has moved users waits for a person to commit or cancel it. 0 asks nobody."
  type        = number
  default     = 0

  validation {
    condition     = var.commit_seconds >= 0 && var.commit_seconds <= 604800 && floor(var.commit_seconds) == var.commit_seconds
    error_message = "commit_seconds must be a whole number from 0 to 604800, a week."
  }
}

variable "maintenance_windows" {
  description = <<-EOT
    Times in which no alarm starts a failover; a person still may. Each is a time of every week, such as
    "sat 22:00-02:00", whose end may lie on the next day, or two moments, such as
    "2026-11-27T00:00:00Z/2026-11-28T00:00:00Z". All times are UTC; the end is outside.
  EOT
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for window in var.maintenance_windows : can(regex("^(mon|tue|wed|thu|fri|sat|sun) ([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", window)) ? substr(window, 4, 5) != substr(window, 10, 5) : try(timecmp(split("/", window)[0], split("/", window)[1]) < 0 && length(split("/", window)) == 2, false)])
    error_message = "each of maintenance_windows must be like \"sat 22:00-02:00\", or like \"2026-11-27T00:00:00Z/2026-11-28T00:00:00Z\" with the earlier moment first."
  }
}

variable "drill_blocked_windows" {
  description = "Times in which no drill begins, written like maintenance_windows."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for window in var.drill_blocked_windows : can(regex("^(mon|tue|wed|thu|fri|sat|sun) ([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", window)) ? substr(window, 4, 5) != substr(window, 10, 5) : try(timecmp(split("/", window)[0], split("/", window)[1]) < 0 && length(split("/", window)) == 2, false)])
    error_message = "each of drill_blocked_windows must be like \"sat 22:00-02:00\", or like \"2026-11-27T00:00:00Z/2026-11-28T00:00:00Z\" with the earlier moment first."
  }
}

variable "down_quorum" {
  description = "How many of the three ways of looking at the other region (its load balancer over HTTP, its ECS services, its probe's heartbeat) must say that it is down. 1 is unwise: a fault between the regions alone would start a failover. 3 waits, where only a part of the region died, for a person."
  type        = number
  default     = 2

  validation {
    condition     = contains([1, 2, 3], var.down_quorum)
    error_message = "down_quorum must be 1, 2 or 3: there are three ways of looking."
  }
}

variable "image_tag" {
  description = "The tag the services run. It moves, so what runs is told by digest."
  type        = string
  default     = "stable"
}

variable "image_patterns" {
  description = <<-EOT
    Images that are copied to the other region beside those of the services: repositories, and which of their tags (all unless
    given), with * for any characters, / too. They go into the repository of the same name. A push without a tag counts where
    tags is ["*"].
  EOT
  type        = list(object({ repository = string, tags = optional(list(string), ["*"]) }))
  default     = []

  validation {
    condition     = alltrue([for pattern in var.image_patterns : can(regex("^[a-z0-9._/*-]{1,256}$", pattern.repository)) && !strcontains(pattern.repository, "**")])
    error_message = "a repository of image_patterns must be the name of a repository, of lower-case letters, digits and ._-/, with * for any characters."
  }

  validation {
    condition     = alltrue([for pattern in var.image_patterns : length(pattern.tags) > 0 && alltrue([for tag in pattern.tags : can(regex("^[A-Za-z0-9._*-]{1,256}$", tag)) && !strcontains(tag, "**")])])
    error_message = "tags of image_patterns must list at least one tag, of letters, digits and ._-, with * for any characters."
  }
}

variable "image_platforms" {
  description = <<-EOT
    Which platforms of an image for several are copied, such as "linux/arm64"; all unless given. A registry takes no list that
    lacks an image, ECR neither: then the chosen images are there by their digests, and the list and its tag are not. So leave it
    empty where services name such a list by its tag.
  EOT
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for platform in var.image_platforms : can(regex("^[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?$", platform))])
    error_message = "each of image_platforms must be an operating system and an architecture, such as linux/arm64 or linux/arm/v7."
  }
}

variable "create_missing_repositories" {
  description = "Whether a repository of image_patterns that the other region lacks is created there, with ECR's defaults. Otherwise an image of it is an error."
  type        = bool
  default     = false
}

variable "min_capacity" {
  description = "Fewest tasks in production of a service that names no minimum of its own. A change reaches what serves when it is next scaled up: executions move the bounds, so Terraform leaves them as they are."
  type        = number
  default     = 2

  validation {
    condition     = var.min_capacity >= 1
    error_message = "min_capacity must be at least 1."
  }
}

variable "max_capacity" {
  description = "Most tasks of a service that names no maximum of its own. A change reaches what serves as that of min_capacity does."
  type        = number
  default     = 10

  validation {
    condition     = var.max_capacity >= var.min_capacity
    error_message = "max_capacity must be at least min_capacity."
  }
}

variable "dr_warm_tasks" {
  description = <<-EOT
    How many tasks of each service with data = "none" a passive region keeps running, so that a failover finds them up. A
    service with data has none: nothing is restored beside tasks. At most min_capacity, and a service's own minimum. More are
    started by the region's probe, within a minute; fewer are left by the next drill.
  EOT
  type        = number
  default     = 0

  validation {
    condition     = var.dr_warm_tasks >= 0 && floor(var.dr_warm_tasks) == var.dr_warm_tasks
    error_message = "dr_warm_tasks must be a whole number, 0 or more."
  }

  validation {
    condition     = alltrue([for minimum in concat([var.min_capacity], [for service in var.services : coalesce(service.minimum, var.min_capacity) if service.data == "none"]) : var.dr_warm_tasks <= minimum])
    error_message = "dr_warm_tasks must be at most min_capacity, and the minimum of each service with data = none."
  }

  validation {
    condition     = var.dr_warm_tasks == 0 || anytrue([for service in var.services : service.data == "none"])
    error_message = "dr_warm_tasks must be 0 while no service has data = none: one with data has no task in a passive region, because nothing is restored beside tasks."
  }
}

variable "functions_directory" {
  description = "Folder with backup.zip, image-sync.zip, health-probe.zip and failover.zip, each holding an executable named bootstrap. An absolute path."
  type        = string
  default     = null
}

variable "functions_architecture" {
  description = "Processor architecture of the functions: arm64, which costs a fifth less, or x86_64. Build them anew when it changes (./make build)."
  type        = string
  default     = "arm64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.functions_architecture)
    error_message = "functions_architecture must be x86_64 or arm64."
  }
}

variable "log_level" {
  description = "How much the functions log: error, warn (what is wrong), info (and what was done) or debug. docs/costs.md says what it costs."
  type        = string
  default     = "info"

  validation {
    condition     = contains(["error", "warn", "info", "debug"], var.log_level)
    error_message = "log_level must be error, warn, info or debug."
  }
}

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 30
}

variable "health_checker_ranges" {
  description = "Address ranges that may read the markers. Empty means the ranges AWS publishes for Route 53's health checkers; name them here when that list cannot be fetched."
  type        = list(string)
  default     = []
}

variable "local_cloud" {
  description = "The emulated AWS on the developer's machine; null means AWS itself. Registries and data directories are maps from region."
  type = object({
    endpoint              = string
    registries            = map(string)
    name_servers          = list(string)
    data_directory        = map(string)
    look_interval_seconds = optional(number, 20)
  })
  default = null
}
