//! How fast a robot may be called: exactly as many messages in any span as its documentation allows.

use jiff::{SignedDuration, Timestamp};
use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A minute as limits count it, and a second more for messages that were slow on their way. No limit has a longer span.
pub(super) const MINUTE: SignedDuration = SignedDuration::from_secs(61);
/// A second as limits count it, and a fifth more.
pub(super) const SECOND: SignedDuration = SignedDuration::from_millis(1_200);
/// Robots that are remembered before those at rest are looked for and forgotten.
const REMEMBERED: usize = 1_000;

/// So many messages in a span.
pub(super) struct Limit {
    /// How many.
    pub(super) messages: usize,
    /// In what time.
    pub(super) span: SignedDuration,
}

/// When each robot was called.
///
/// A count of what was sent in the last span, not a bucket that refills: a full bucket and what flows into it would be nearly twice the
/// limit in the first minute, and DingTalk then refuses for ten.
#[derive(Default)]
pub(super) struct Pace {
    robots: Mutex<HashMap<String, Robot>>,
}

#[derive(Default)]
struct Robot {
    called: VecDeque<Timestamp>,
    resting_until: Timestamp,
}

impl Pace {
    /// Takes the right to call a robot once.
    ///
    /// # Errors
    /// With the time after which there is one.
    pub(super) fn take(&self, robot: &str, limits: &[Limit], now: Timestamp) -> Result<(), Duration> {
        let mut robots = self.lock();
        if robots.len() >= REMEMBERED {
            robots.retain(|_, robot| robot.is_known(now));
        }
        let robot = robots.entry(robot.to_owned()).or_default();
        robot.forget(now);
        let free = limits.iter().filter_map(|limit| robot.free_at(limit)).chain([robot.resting_until]).max();
        match free {
            Some(free) if free > now => Err(free.duration_since(now).unsigned_abs()),
            _ => {
                robot.called.push_back(now);
                Ok(())
            }
        }
    }

    /// Leaves a robot alone for a time: it said that it was called too fast.
    pub(super) fn rest(&self, robot: &str, time: Duration, now: Timestamp) {
        let until = now.checked_add(time).unwrap_or(now);
        self.lock().entry(robot.to_owned()).or_default().resting_until = until;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Robot>> {
        self.robots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Robot {
    /// Forgets calls that no longer count, and those of a clock that was ahead.
    fn forget(&mut self, now: Timestamp) {
        self.called.retain(|at| *at <= now && now.duration_since(*at) < MINUTE);
    }

    /// Whether there is anything to remember.
    fn is_known(&mut self, now: Timestamp) -> bool {
        self.forget(now);
        !self.called.is_empty() || self.resting_until > now
    }

    /// When a full limit has room again.
    fn free_at(&self, limit: &Limit) -> Option<Timestamp> {
        let oldest = self.called.len().checked_sub(limit.messages)?;
        self.called.get(oldest)?.checked_add(limit.span).ok()
    }
}
