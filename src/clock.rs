//! The only file that asks the machine for time, ids and randomness.

use crate::domain::{ids::Id, time::Instant};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};
use uuid::{ContextV7, Timestamp, Uuid};

/// Time, ids and randomness. Copies share one clock.
#[derive(Clone, Default)]
pub struct Clock {
    shift: Arc<AtomicI64>,
    shift_file: Option<Arc<PathBuf>>,
}

impl Clock {
    /// A clock that is ahead of the machine's by the seconds written in a file, which is read at each look: for tests of the real binary.
    #[must_use]
    pub fn shifted_by_file(path: PathBuf) -> Self {
        Self { shift: Arc::default(), shift_file: Some(Arc::new(path)) }
    }

    /// Moves the clock and all its copies ahead, for tests.
    pub fn advance(&self, seconds: i64) {
        self.shift.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Now, to the microsecond.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place")]
    pub fn now(&self) -> Instant {
        let from_file = self.shift_file.as_ref().and_then(|path| std::fs::read_to_string(&**path).ok()?.trim().parse().ok());
        Instant::new(jiff::Timestamp::now()).plus_seconds(self.shift.load(Ordering::Relaxed).saturating_add(from_file.unwrap_or(0)))
    }

    /// A new id. Ids rise with time (UUIDv7, RFC 9562 §5.7), also within one microsecond.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place")]
    pub fn new_id<T: Id>(&self) -> T {
        static CONTEXT: std::sync::Mutex<ContextV7> = std::sync::Mutex::new(ContextV7::new());
        let now = self.now();
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        let nanos = u32::try_from(now.microseconds().rem_euclid(1_000_000)).unwrap_or_default() * 1_000;
        Uuid::new_v7(Timestamp::from_unix(&CONTEXT, seconds, nanos)).into()
    }

    /// Random bytes from the system's generator.
    ///
    /// # Panics
    /// When the system has no randomness: nothing can be kept secret then.
    #[must_use]
    #[expect(clippy::expect_used, reason = "going on without randomness would be worse")]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        SystemRandom::new().fill(&mut bytes).expect("the system's random generator");
        bytes
    }
}
