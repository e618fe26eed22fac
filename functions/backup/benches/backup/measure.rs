use std::{fs, process::Command, time::Duration, time::Instant};

#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Taken {
    pub wall: f64,
    pub cpu: f64,
    /// The most that was in memory, in MB.
    pub memory: f64,
}

/// Runs it to its end; the system's own word on it is asked for while it runs.
pub(crate) fn take(command: &mut Command) -> Taken {
    // What the one before it wrote is not to be this one's work.
    rustix::fs::sync();
    let begun = Instant::now();
    let mut child = command.spawn().unwrap();
    let mut taken = Taken::default();
    loop {
        let ended = child.try_wait().unwrap();
        if let Some(status) = ended {
            assert!(status.success(), "{command:?}: {status}");
            taken.wall = begun.elapsed().as_secs_f64();
            return taken;
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let memory = status.ok().and_then(|status| {
            let line = status
                .lines()
                .find(|line| line.starts_with("VmHWM"))?
                .to_owned();
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        });
        taken.memory = memory.map_or(taken.memory, |kilobytes| kilobytes / 1e3);
        taken.cpu = cpu(child.id()).map_or(taken.cpu, |cpu| taken.cpu.max(cpu));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Seconds of CPU that a process has used.
pub(crate) fn cpu(process: u32) -> Option<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let fields = stat.rsplit_once(')')?.1.split_whitespace();
    let times = fields.skip(11).take(2);
    let ticks: f64 = times.filter_map(|time| time.parse::<f64>().ok()).sum();
    Some(ticks / 100.0)
}
