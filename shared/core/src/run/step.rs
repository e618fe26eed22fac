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
    ScaleUp,
    AwaitHealthy,
    SmokeTest,
    FenceSource,
    MoveTraffic,
    ProveTraffic,
    Report,
    Release,
}

impl Step {
    pub const ALL: [Step; 14] = [
        Step::Lease,
        Step::StopSource,
        Step::FinalBackup,
        Step::AwaitReplica,
        Step::LastBackup,
        Step::Quiesce,
        Step::ScaleUp,
        Step::AwaitHealthy,
        Step::SmokeTest,
        Step::FenceSource,
        Step::MoveTraffic,
        Step::ProveTraffic,
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
            Self::ScaleUp => "scale_up",
            Self::AwaitHealthy => "await_healthy",
            Self::SmokeTest => "smoke_test",
            Self::FenceSource => "fence_source",
            Self::MoveTraffic => "move_traffic",
            Self::ProveTraffic => "prove_traffic",
            Self::Report => "report",
            Self::Release => "release",
        }
    }

    /// How long this step may be waited for before the execution gives up.
    pub fn patience_seconds(self) -> i64 {
        match self {
            Self::StopSource | Self::Quiesce => 180,
            Self::AwaitReplica => 900,
            Self::AwaitHealthy => 600,
            Self::SmokeTest => 120,
            Self::ProveTraffic => 300,
            Self::Lease
            | Self::FinalBackup
            | Self::LastBackup
            | Self::ScaleUp
            | Self::FenceSource
            | Self::MoveTraffic
            | Self::Report
            | Self::Release => 60,
        }
    }
}
