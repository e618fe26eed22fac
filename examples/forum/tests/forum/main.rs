//! The real binary, as a container runs it: one process per task, a folder in common, SIGTERM at the end.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod http;
#[cfg(test)]
mod start_and_stop;
#[cfg(test)]
mod task;
#[cfg(test)]
mod two_tasks;
