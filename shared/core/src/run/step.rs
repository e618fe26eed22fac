use serde::{Deserialize, Serialize};

/// The steps that the failover function carries out, in the workflow's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    Lease,
    StopSource,
    FinalBackup,
    AwaitReplica,
    LastBackup,
    Quiesce,
    Compare,
    ScaleUp,
    AwaitHealthy,
    SmokeTest,
    TearDown,
    Approve,
    FenceSource,
    MoveTraffic,
    ProveTraffic,
    Commit,
    Report,
    Release,
}

impl Step {
    pub const ALL: [Step; 18] = [
        Step::Lease,
        Step::StopSource,
        Step::FinalBackup,
        Step::AwaitReplica,
        Step::LastBackup,
        Step::Quiesce,
        Step::Compare,
        Step::ScaleUp,
        Step::AwaitHealthy,
        Step::SmokeTest,
        Step::TearDown,
        Step::Approve,
        Step::FenceSource,
        Step::MoveTraffic,
        Step::ProveTraffic,
        Step::Commit,
        Step::Report,
        Step::Release,
    ];

    pub fn word(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::StopSource => "stop_source",
            Self::FinalBackup => "final_backup",
            Self::AwaitReplica => "await_replica",
            Self::LastBackup => "last_backup",
            Self::Quiesce => "quiesce",
            Self::Compare => "compare",
            Self::ScaleUp => "scale_up",
            Self::AwaitHealthy => "await_healthy",
            Self::SmokeTest => "smoke_test",
            Self::TearDown => "tear_down",
            Self::Approve => "approve",
            Self::FenceSource => "fence_source",
            Self::MoveTraffic => "move_traffic",
            Self::ProveTraffic => "prove_traffic",
            Self::Commit => "commit",
            Self::Report => "report",
            Self::Release => "release",
        }
    }

    /// How long this step may be waited for before the execution gives up. Waiting for a person has a time-out of its own.
    pub fn patience_seconds(self) -> i64 {
        match self {
            Self::StopSource
            | Self::Quiesce
            | Self::Compare
            | Self::TearDown
            | Self::FenceSource => 180,
            Self::FinalBackup | Self::AwaitReplica => 900,
            Self::AwaitHealthy => 600,
            Self::SmokeTest => 120,
            Self::ProveTraffic => 300,
            Self::Lease
            | Self::LastBackup
            | Self::ScaleUp
            | Self::Approve
            | Self::MoveTraffic
            | Self::Commit
            | Self::Report
            | Self::Release => 60,
        }
    }
}
