//! What a playbook calls for in a case: which tasks, when each is due, and what a change of branch or version does to them.
//!
//! A task comes into being when its branch applies (the reporter's type and the channel of a complaint) *and* its anchor exists.

use super::{
    calendar::Calendar,
    case::Contents,
    content::Content,
    deadline::Deadline,
    ids::{MemberId, TaskId},
    period::{Period, Roll, Unit, at_time, end_of_hours, end_of_period},
    playbook::{Anchor, Offset, PLATFORM_APPEAL, Playbook, Template},
    task::{Task, TaskText},
    time::{Day, Instant},
    vocabulary::Platform,
};

/// The hour of the day, in the calendar's zone, at which tasks that are due on a day are due: the close of business.
const CLOSE_OF_BUSINESS: i8 = 18;

/// From what a distance is counted: hours from the moment, if it is known, and days from the civil day.
#[derive(Debug, Clone, Copy)]
struct Origin {
    moment: Option<Instant>,
    day: Day,
}

impl Origin {
    fn of_moment(at: Instant, calendar: &Calendar) -> Self {
        Self { moment: Some(at), day: Day(at.timestamp().to_zoned(calendar.zone().clone()).date()) }
    }

    fn of_deadline(deadline: &Deadline) -> Self {
        Self { moment: Some(deadline.due_at), day: deadline.due_on }
    }
}

impl Offset {
    /// The moment at that distance: hours exactly; days and working days at the close of business. None beyond what input may name.
    fn from(self, origin: Origin, calendar: &Calendar) -> Option<Instant> {
        let at = if self.unit == Unit::Hours {
            let from = match origin.moment {
                Some(at) => at.timestamp(),
                None => at_time(origin.day.0, CLOSE_OF_BUSINESS, 0, calendar.zone()).ok()?,
            };
            end_of_hours(from, self.amount).ok()?
        } else {
            let counted = end_of_period(origin.day.0, Period { amount: self.amount, unit: self.unit, roll: Roll::None }, calendar).ok()?;
            at_time(counted.due_on, CLOSE_OF_BUSINESS, 0, calendar.zone()).ok()?
        };
        Some(Instant::new(at)).filter(|at| at.is_nameable())
    }
}

/// A task that a case calls for and does not have yet.
#[derive(Debug, Clone)]
pub struct Called<'p> {
    /// The playbook's task.
    pub template: &'p Template,
    /// 1, or one more than the last repetition.
    pub occurrence: i32,
    /// When it is due.
    pub due_at: Option<Instant>,
    /// The key of the task that comes first.
    pub after: Option<&'p str>,
}

impl Template {
    /// Whether a complaint of the case is of its branch.
    fn branch_applies(&self, contents: &Contents) -> bool {
        contents.complaints.iter().any(|complaint| {
            (self.reporter_types.is_empty() || self.reporter_types.contains(&complaint.reporter.r#type))
                && (self.channels.is_empty() || self.channels.contains(&complaint.channel))
        })
    }

    /// The task that a case would be given, if its anchor exists: `Some(None)` is a task without a date.
    fn due(
        &self,
        contents: &Contents,
        platform: Platform,
        content: &Content,
        due_of: impl Fn(&str) -> Option<Option<Instant>>,
    ) -> Option<Option<Instant>> {
        let origin = match &self.anchor {
            Anchor::None => return Some(None),
            Anchor::Event(event) => {
                let trigger = contents.triggers.iter().rfind(|t| t.event == *event)?;
                Origin { moment: trigger.occurred_at, day: trigger.occurred_on }
            }
            Anchor::Task(key) => match due_of(key)? {
                Some(at) => Origin::of_moment(at, &content.calendar),
                None => return Some(None),
            },
            Anchor::Deadline(rules) => {
                let made_by = |rule: &str| {
                    let rule = if rule == PLATFORM_APPEAL { content.platform_appeal(platform).unwrap_or(rule) } else { rule };
                    contents.deadlines.iter().rfind(|d| d.rule_id.as_deref() == Some(rule) || d.key.as_deref() == Some(rule))
                };
                Origin::of_deadline(rules.iter().find_map(|rule| made_by(rule))?)
            }
            Anchor::Stated(key) => Origin::of_deadline(contents.deadlines.iter().rfind(|d| d.key.as_deref() == Some(key))?),
        };
        Some(self.offset.and_then(|offset| offset.from(origin, &content.calendar)))
    }
}

/// The moment from which tasks that hang on this one are counted: its end, or when it is due. That it was dropped is no end.
fn anchor_moment(task: &Task) -> Option<Instant> {
    task.ended_at.filter(|_| !task.dropped).or(task.due_at)
}

/// The tasks that a case calls for and does not have, each after the task that it hangs on.
#[must_use]
pub fn called_for<'p>(playbook: &'p Playbook, contents: &Contents, platform: Platform, content: &Content) -> Vec<Called<'p>> {
    let mut called: Vec<Called<'p>> = Vec::new();
    loop {
        let before = called.len();
        for template in &playbook.tasks {
            let known = called.iter().any(|c| c.template.key == template.key)
                || contents.tasks.iter().any(|t| t.key.as_deref() == Some(&template.key));
            if known || !template.branch_applies(contents) {
                continue;
            }
            let due_of = |key: &str| {
                let existing = contents.tasks.iter().find(|t| t.is_first_of(key)).map(anchor_moment);
                existing.or_else(|| called.iter().find(|c| c.template.key == key).map(|c| c.due_at))
            };
            if let Some(due_at) = template.due(contents, platform, content, due_of) {
                called.push(Called { template, occurrence: 1, due_at, after: template.dependency() });
            }
        }
        if called.len() == before {
            return called;
        }
    }
}

/// The next repetition of a task that was done, if the playbook repeats it.
#[must_use]
pub fn repetition<'p>(playbook: &'p Playbook, done: &Task, calendar: &Calendar) -> Option<Called<'p>> {
    let template = playbook.template(done.key.as_deref()?)?;
    let repeat = template.repeat?;
    let origin = Origin::of_moment(done.due_at.or(done.ended_at)?, calendar);
    Some(Called { template, occurrence: done.occurrence + 1, due_at: repeat.from(origin, calendar), after: None })
}

/// A due moment that moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Of which task.
    pub task: TaskId,
    /// From when.
    pub from: Option<Instant>,
    /// To when.
    pub to: Option<Instant>,
}

/// The open tasks whose due moment follows another one now, with that moment. A due moment that a person set does not follow.
#[must_use]
pub fn rescheduled(playbook: &Playbook, contents: &Contents, platform: Platform, content: &Content) -> Vec<Moved> {
    // Tasks are looked at in the playbook's order, in which an anchor comes before what hangs on it; what has moved is carried on.
    let mut due: Vec<(&Task, Option<Instant>)> = contents.tasks.iter().map(|t| (t, t.due_at)).collect();
    for template in &playbook.tasks {
        let due_of = |key: &str| {
            let (task, at) = due.iter().find(|(t, _)| t.is_first_of(key))?;
            Some(task.ended_at.filter(|_| !task.dropped).or(*at))
        };
        let Some(at) = template.due(contents, platform, content, due_of) else { continue };
        for (task, kept) in &mut due {
            if task.is_first_of(&template.key) && !task.is_ended() && !task.due_by_hand {
                *kept = at;
            }
        }
    }
    due.into_iter().filter(|(task, at)| task.due_at != *at).map(|(task, to)| Moved { task: task.id, from: task.due_at, to }).collect()
}

/// What a change of branch or version does to the tasks of a case. What was begun is not dropped, what was done stays as it was, and nothing is deleted.
#[derive(Debug, Clone)]
pub struct Change<'p> {
    /// All tasks that the case has, as they are from now on.
    pub tasks: Vec<Task>,
    /// Those whose stage, weight or order is another one in this version.
    pub altered: Vec<TaskId>,
    /// Those of which other words are said or kept, or more changes than is shown: they are written whole.
    pub rewritten: Vec<TaskId>,
    /// Not begun, and no longer called for: waived until they are again.
    pub dropped: Vec<TaskId>,
    /// Dropped before, and called for again.
    pub restored: Vec<TaskId>,
    /// Due moments that move.
    pub moved: Vec<Moved>,
    /// Tasks that come into being.
    pub added: Vec<Called<'p>>,
}

/// Who changes a branch or a version, when, and what is noted on the tasks that are dropped.
#[derive(Debug, Clone, Copy)]
pub struct Occasion<'a> {
    /// Who.
    pub by: MemberId,
    /// When.
    pub at: Instant,
    /// Why.
    pub note: &'a str,
}

/// Plans what a new branch or version does to a case's tasks. `from` is the playbook until now, `to` the one from now on.
///
/// What a person set by hand stays: stage, weight, due moment, what comes first, and that a dropped task was brought back.
#[must_use]
pub fn change<'p>(
    from: &Playbook,
    to: &'p Playbook,
    contents: &Contents,
    platform: Platform,
    content: &Content,
    occasion: Occasion<'_>,
) -> Change<'p> {
    let mut after = contents.clone();
    let (mut dropped, mut restored, mut altered, mut rewritten) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let first = |key: &str| contents.tasks.iter().find(|task| task.is_first_of(key)).map(|task| task.id);
    for task in &mut after.tasks {
        let Some(key) = task.key.clone() else { continue };
        let (old, new) = (from.template(&key), to.template(&key));
        match new.filter(|template| template.branch_applies(contents)) {
            Some(_) if task.dropped => {
                // A note that somebody wrote on it meanwhile stays: it is written whole.
                rewritten.extend(task.kept_by_hand.then_some(task.id));
                task.rejoin_branch();
                restored.push(task.id);
            }
            None if task.is_untouched() => {
                task.leave_branch(occasion.note, occasion.by, occasion.at);
                dropped.push(task.id);
            }
            _ => {}
        }
        let said = task.kept_text.clone().or_else(|| old.map(Template::text));
        if task.keep_words(said.as_ref(), new) {
            rewritten.push(task.id);
        }
        if let (Some(said), Some(new)) = (said, new)
            && task.is_first_of(&key)
            && !task.was_ended_by_hand()
        {
            let (waits, shall_wait) = (old.and_then(Template::dependency).and_then(first), new.dependency().and_then(first));
            if task.take_on(&said, waits, new, shall_wait) {
                if task.dropped { rewritten.push(task.id) } else { altered.push(task.id) }
            }
        }
    }
    let moved = rescheduled(to, &after, platform, content);
    for change in &moved {
        for task in after.tasks.iter_mut().filter(|task| task.id == change.task) {
            task.due_at = change.to;
        }
    }
    let added = called_for(to, &after, platform, content);
    Change { tasks: after.tasks, altered, rewritten, dropped, restored, moved, added }
}

impl Task {
    /// Whether somebody has done or waived it.
    fn was_ended_by_hand(&self) -> bool {
        self.is_ended() && !self.dropped
    }

    /// Keeps the words under which it was done, and those that the new version does not have; lets go of them otherwise. `said` is what was said of
    /// it until now. Whether what is shown of it, or kept for it, changes.
    fn keep_words(&mut self, said: Option<&TaskText>, new: Option<&Template>) -> bool {
        let differ = said.is_some_and(|said| new.is_none_or(|new| !new.text().says_the_same(said)));
        let kept = said.filter(|_| differ && (new.is_none() || self.was_ended_by_hand())).cloned();
        let changes = kept != self.kept_text || (differ && kept.is_none());
        self.kept_text = kept;
        changes
    }

    /// Takes on what differs between two versions, where nobody has set it by hand; whether anything did. `waits` and `shall_wait` are the task
    /// that came first by the old version, and the one that comes first by the new one.
    fn take_on(&mut self, old: &TaskText, waits: Option<TaskId>, new: &Template, shall_wait: Option<TaskId>) -> bool {
        let before = (self.stage, self.required, self.blocks_closing, self.depends_on.clone());
        if self.stage == old.stage {
            self.stage = new.stage;
        }
        if self.required == old.required {
            self.required = new.required;
        }
        if self.blocks_closing == old.blocks_closing {
            self.blocks_closing = new.blocks_closing;
        }
        if self.depends_on.iter().copied().eq(waits) {
            self.depends_on = shall_wait.into_iter().collect();
        }
        before != (self.stage, self.required, self.blocks_closing, self.depends_on.clone())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::domain::{
        complaint::{Complaint, Reporter},
        ids::CaseId,
        trigger::{CASE_OPENED, OUTCOME_RECORDED, Trigger},
        vocabulary::{Channel, ComplaintKind, DeadlineStatus, OwedBy, ReporterType, Stage, TaskStatus},
    };
    use uuid::Uuid;

    fn at(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn case() -> CaseId {
        Uuid::nil().into()
    }

    fn complaint(channel: Channel, reporter: ReporterType) -> Complaint {
        let now = at("2026-09-30T10:00:00+08:00");
        Complaint {
            id: Uuid::nil().into(),
            case_id: case(),
            channel,
            kind: ComplaintKind::Report,
            received_at: now,
            reference_no: None,
            authority: None,
            summary: None,
            reporter: Reporter { r#type: reporter, confidence: None, basis: None },
            sealed_identity: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    fn trigger(event: &str, moment: &str) -> Trigger {
        let occurred_at = at(moment);
        let day = occurred_at.timestamp().to_zoned(jiff::tz::TimeZone::get("Asia/Shanghai").unwrap()).date();
        Trigger {
            id: Uuid::nil().into(),
            case_id: case(),
            event: event.into(),
            occurred_on: Day(day),
            occurred_at: Some(occurred_at),
            proof: crate::domain::trigger::Proof::default(),
            recorded_by: None,
            version: 1,
            created_at: occurred_at,
            updated_at: occurred_at,
        }
    }

    /// The tasks that a case on Douyin calls for, with their due moments.
    fn called(contents: &Contents) -> Vec<(String, Option<Instant>)> {
        let content = Content::embedded().unwrap();
        let called = called_for(&content.playbook, contents, Platform::Douyin, &content);
        called.into_iter().map(|c| (c.template.key.clone(), c.due_at)).collect()
    }

    fn opened(complaints: Vec<Complaint>) -> Contents {
        let nothing = Contents::under(Content::embedded().unwrap().playbook);
        Contents { complaints, triggers: vec![trigger(CASE_OPENED, "2026-09-30T10:00:00+08:00")], ..nothing }
    }

    #[test]
    fn the_branch_is_chosen_by_reporter_and_channel() {
        let has = |contents: &Contents, key: &str| called(contents).iter().any(|(k, _)| k == key);
        let consumer = opened(vec![complaint(Channel::Regulator, ReporterType::Consumer)]);
        assert!(has(&consumer, "RA-02") && has(&consumer, "SC-01") && !has(&consumer, "RA-06") && !has(&consumer, "CO-11"));
        let competitor = opened(vec![complaint(Channel::Police, ReporterType::Competitor)]);
        assert!(has(&competitor, "RA-06") && !has(&competitor, "RA-02"));
        assert!(has(&competitor, "CO-11") && !has(&competitor, "RA-08"), "what a channel asks for is asked whoever reports");
        // Reporter and channel must fit in one complaint: two half-fitting ones do not make a branch.
        let content = Content::embedded().unwrap();
        let both = Template {
            reporter_types: vec![ReporterType::Police],
            channels: vec![Channel::Police],
            ..content.playbook.template("CO-11").unwrap().clone()
        };
        let halves = [complaint(Channel::Police, ReporterType::Consumer), complaint(Channel::Consumer, ReporterType::Police)];
        assert!(!both.branch_applies(&opened(halves.to_vec())));
        assert!(both.branch_applies(&opened(vec![complaint(Channel::Police, ReporterType::Police)])));
    }

    #[test]
    fn tasks_come_into_being_with_their_anchors() {
        let mut contents = opened(vec![complaint(Channel::Regulator, ReporterType::Regulator)]);
        let keys = |contents: &Contents| called(contents).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert!(!keys(&contents).iter().any(|key| key.starts_with("RP-") || key == "CO-02"));
        contents.triggers.push(trigger(OUTCOME_RECORDED, "2026-10-20T10:00:00+08:00"));
        assert!(keys(&contents).contains(&"RP-01".to_owned()));
        let due = at("2026-10-14T00:00:00+08:00");
        contents.deadlines.push(Deadline {
            id: Uuid::nil().into(),
            case_id: case(),
            shop_id: Uuid::nil().into(),
            assignee_id: None,
            statutory: false,
            computation: crate::domain::computation::Computation::default(),
            rulebook_revision: 0,
            reminded_until: None,
            wake_at: None,
            missed_at: None,
            stage: Stage::Cooperation,
            rule_id: None,
            key: Some("request_due".into()),
            title: Some("x".into()),
            trigger_id: None,
            owed_by: OwedBy::Us,
            due_on: "2026-10-13".parse().unwrap(),
            due_at: due,
            as_stated: true,
            provisional: false,
            status: DeadlineStatus::Pending,
            met_at: None,
            note: None,
            version: 1,
            created_at: due,
            updated_at: due,
        });
        let all = called(&contents);
        // One working day before Tuesday 13 October.
        assert!(all.contains(&("CO-02".into(), Some(at("2026-10-12T18:00:00+08:00")))), "{all:?}");
    }

    #[test]
    fn due_moments_count_working_days_and_make_up_days() {
        // Opened on the last day before National Day; Saturday 10 October is a make-up working day.
        let all = called(&opened(vec![complaint(Channel::Platform, ReporterType::Platform)]));
        let due = |key: &str| all.iter().find(|(k, _)| k == key).unwrap().1.unwrap();
        assert_eq!(due("INT-01"), at("2026-09-30T12:00:00+08:00"));
        assert_eq!(due("INT-02"), at("2026-10-08T18:00:00+08:00"));
        assert_eq!(due("SC-06"), at("2026-10-10T18:00:00+08:00"));
        // SC-02 hangs four hours after SC-01 is due, SC-03 three working days after that.
        assert_eq!(due("SC-02"), at("2026-10-08T22:00:00+08:00"));
        assert_eq!(due("SC-03"), at("2026-10-12T18:00:00+08:00"));
    }

    #[test]
    fn what_hangs_on_a_task_follows_its_completion_unless_set_by_hand() {
        let content = Content::embedded().unwrap();
        let playbook = &content.playbook;
        let mut contents = opened(vec![complaint(Channel::Platform, ReporterType::Platform)]);
        let now = at("2026-09-30T10:00:00+08:00");
        contents.tasks = called(&contents)
            .into_iter()
            .enumerate()
            .map(|(number, (key, due_at))| Task {
                id: Uuid::from_u128(u128::try_from(number).unwrap()).into(),
                case_id: case(),
                stage: playbook.template(&key).unwrap().stage,
                key: Some(key),
                occurrence: 1,
                title: None,
                description: None,
                done_means: None,
                wanted_documents: None,
                status: TaskStatus::Todo,
                required: true,
                blocks_closing: true,
                assignee_id: None,
                due_at,
                due_by_hand: false,
                dropped: false,
                kept_text: None,
                kept_by_hand: false,
                depends_on: vec![],
                checklist: vec![],
                note: None,
                ended_at: None,
                ended_by: None,
                version: 1,
                created_at: now,
                updated_at: now,
            })
            .collect();
        assert_eq!(rescheduled(playbook, &contents, Platform::Douyin, &content), vec![]);
        for task in &mut contents.tasks {
            match task.key.as_deref() {
                Some("SC-01") => (task.status, task.ended_at) = (TaskStatus::Done, Some(at("2026-09-30T11:00:00+08:00"))),
                Some("SC-09") => task.due_by_hand = true,
                _ => {}
            }
        }
        let moved = rescheduled(playbook, &contents, Platform::Douyin, &content);
        let of = |key: &str| {
            let id = contents.tasks.iter().find(|t| t.key.as_deref() == Some(key)).unwrap().id;
            moved.iter().find(|moved| moved.task == id).map(|moved| moved.to.unwrap())
        };
        assert_eq!(of("SC-02"), Some(at("2026-09-30T15:00:00+08:00")));
        assert_eq!(of("SC-03"), Some(at("2026-10-10T18:00:00+08:00")), "what hangs on what moved moves too");
        assert_eq!(of("SC-09"), None);
        assert_eq!(of("SC-06"), None);
    }
}
