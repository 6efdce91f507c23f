//! Every limit on what a caller may send or ask for, in one place.

use crate::auth::{attempts::AttemptLimits, passwords::PoolLimits};
use std::time::Duration;

/// Most elements on a page.
pub const PAGE: i64 = 200;
/// Most elements of a short list in a body: tags, members, tasks that come first, steps of a checklist.
pub const SHORT_LIST: usize = 50;
/// Most elements of a long list in a body: allegations of a complaint, order numbers of an allegation.
pub const LONG_LIST: usize = 500;
/// Most tasks of a playbook.
pub const PLAYBOOK_TASKS: usize = 300;
/// Bytes of a playbook's tasks, written as JSON: every copy and every move of a case carries them.
pub const PLAYBOOK_BYTES: usize = 512 * 1024;
/// Most deadline rules that one task hangs on.
pub const ANCHOR_NAMES: usize = 20;
/// Published playbooks that a process keeps in memory, over all tenants.
pub const CACHED_PLAYBOOKS: usize = 64;
/// Tenants whose calendars and rules a process keeps in memory.
pub const CACHED_RULEBOOKS: usize = 1_000;
/// Most versions of deadline rules that a tenant has of its own.
pub const OWN_RULES: i64 = 1_000;
/// Most calendars that a tenant has of its own.
pub const OWN_CALENDARS: usize = 20;
/// Most years that a tenant publishes for a calendar, and most single days that it sets.
pub const CALENDAR_YEARS: usize = 50;
/// Most days of a published year, and most single days of a calendar.
pub const CALENDAR_DAYS: usize = 366;
/// Tenants that are woken up at a time.
pub const WAKING_TENANTS: i64 = 100;
/// Cases of one tenant that are looked at when it is woken up; the others follow at once.
pub const WAKING_CASES: i64 = 200;
/// After how many seconds a tenant with something ahead is looked at again, whatever comes.
pub const AWAKE_AGAIN: i64 = 600;
/// Most open deadlines of a calendar feed, and most that have ended.
pub const FEED_EVENTS: i64 = 1_000;
/// Most entries of one file of the register of deadlines, a multiple of [`PAGE`]; a day with more has several parts.
pub const REGISTER_FILE: i64 = 10_000;
/// How many seconds after its end a day of the register of deadlines counts as over: longer than any transaction takes and clocks differ.
pub const REGISTER_SETTLES: i64 = 60;
/// Most steps of a ladder of reminders.
pub const LADDER_STEPS: usize = 12;
/// Most channels for reminders that a member has.
pub const OWN_CHANNELS: i64 = 10;
/// Most channels for reminders that the groups of a tenant have.
pub const GROUP_CHANNELS: i64 = 50;
/// Messages of one tenant that are on their way at the same time.
pub const SENT_AT_ONCE: i64 = 20;
/// Seconds in which a message that was taken on is sent by nobody else: longer than any server may take.
pub const SENDING: i64 = 180;
/// After how many seconds a message is given up: three days.
pub const GIVEN_UP: i64 = 3 * 24 * 3600;
/// The longest time, in seconds, for which a reminder is put off: thirty days.
pub const SNOOZE: i64 = 30 * 24 * 3600;
/// Most cases of one bulk request.
pub const BULK: usize = 100;
/// Most cases that one call hands over.
pub const HANDED_OVER: usize = 200;
/// Most pairs of metadata.
pub const METADATA_PAIRS: usize = 50;
/// Most words of one filter.
pub const FILTER_WORDS: usize = 50;
/// Writes to SQLite that share one COMMIT at most.
pub const WRITE_GROUP: usize = 64;
/// Writes to SQLite that wait at most; more are refused.
pub const WRITE_QUEUE: usize = 1024;

/// The limits of a server.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a JSON body.
    pub body_bytes: usize,
    /// How deep JSON may be nested.
    pub json_depth: usize,
    /// Values and members that JSON may have.
    pub json_nodes: usize,
    /// How long a body may pause.
    pub body_pause: Duration,
    /// How long a body may take.
    pub body_total: Duration,
    /// How long the head of a request may take.
    pub head: Duration,
    /// Bytes of a URL.
    pub url_bytes: usize,
    /// Connections at a time, for each worker.
    pub connections: usize,
    /// Requests of one caller in one minute; none when absent.
    pub requests_per_minute: Option<u32>,
    /// Wrong passwords in one hour.
    pub attempts: AttemptLimits,
    /// Passwords that are checked.
    pub passwords: PoolLimits,
    /// How long open requests may take when the server stops.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            json_depth: 32,
            json_nodes: 10_000,
            body_pause: Duration::from_secs(10),
            body_total: Duration::from_secs(30),
            head: Duration::from_secs(5),
            url_bytes: 4 * 1024,
            connections: 10_000,
            requests_per_minute: Some(600),
            attempts: AttemptLimits { per_account: 10, per_address: 100 },
            passwords: PoolLimits { at_once: 2, waiting: 32 },
            drain: Duration::from_secs(10),
        }
    }
}
