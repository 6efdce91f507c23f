//! Why a deadline ends when it does: every day that was counted or passed over with its reason, the rule, the calendar and their sources, in words.

use super::{
    calendar::{Calendar, DayKind},
    computation::{Alternative, Computation, DueChangeTo, Leg},
    content::Content,
    deadline_rule::Rule,
    language::{Bilingual, Language},
    period::{PeriodError, Roll, Step, StepReason, Unit},
    time::{Day, Instant},
    vocabulary::{PauseGround, vocabulary},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// What a line of an explanation says.
    ExplanationCode {
        /// The rule that was applied, with its source.
        Rule = "rule",
        /// Sources contradict each other.
        Conflict = "conflict",
        /// Another rule for the same act, and when it would end.
        Alternative = "alternative",
        /// The calendar that was counted by, with its version and sources.
        Calendar = "calendar",
        /// From where it is counted.
        Starts = "starts",
        /// The day of the trigger is left out.
        TriggerNotCounted = "trigger_not_counted",
        /// A day that is counted.
        Counted = "counted",
        /// A rest day or holiday that is passed over.
        Skipped = "skipped",
        /// A time during which the clock stood still.
        Paused = "paused",
        /// Hours from a moment.
        Hours = "hours",
        /// The period ends.
        Ends = "ends",
        /// The end is a day off, and another one follows.
        RolledOver = "rolled_over",
        /// The end moves to this working day.
        RolledTo = "rolled_to",
        /// The deadline was extended.
        Extended = "extended",
        /// The end was stated.
        Stated = "stated",
        /// The result may still move.
        Provisional = "provisional",
        /// The result.
        Due = "due",
    }
}

/// A line of an explanation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explained {
    /// What it says.
    pub code: ExplanationCode,
    /// The day that it is about.
    pub date: Option<Day>,
    /// The moment that it is about.
    pub at: Option<Instant>,
    /// The how manieth counted day it is.
    pub counted: Option<u32>,
    /// The same in words.
    pub message: Bilingual,
}

impl Explained {
    fn new(code: ExplanationCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { code, date: None, at: None, counted: None, message: Bilingual { zh: zh.into(), en: en.into() } }
    }

    fn on(self, date: impl Into<Option<Day>>) -> Self {
        Self { date: date.into(), ..self }
    }

    fn at(self, at: Option<Instant>) -> Self {
        Self { at, ..self }
    }

    /// The line in words.
    #[must_use]
    pub fn message(&self, language: Language) -> &str {
        self.message.in_language(language)
    }
}

/// A ground in words.
fn ground_words(ground: PauseGround) -> (&'static str, &'static str) {
    match ground {
        PauseGround::Testing => ("检验、检测期间", "testing"),
        PauseGround::Appraisal => ("鉴定期间", "appraisal"),
        PauseGround::RightsHolderIdentification => ("权利人辨认期间", "identification by the rights holder"),
        PauseGround::Hearing => ("听证期间", "a hearing"),
        PauseGround::Publication => ("公告期间", "service by publication"),
        PauseGround::RefundOrder => ("责令退款期间", "an order to refund"),
        PauseGround::Suspension => ("程序中止期间", "suspension of the procedure"),
        PauseGround::Other => ("其他中止期间", "another reason"),
    }
}

fn day_words(day: &DayKind) -> (String, String) {
    match day {
        DayKind::WorkingDay => ("工作日".into(), "working day".into()),
        DayKind::MakeUpDay(name) => (format!("调休上班日（{name}）"), format!("make-up working day ({name})")),
        DayKind::WeekEnd => ("休息日".into(), "rest day".into()),
        DayKind::Holiday(name) => (format!("放假日（{name}）"), format!("holiday ({name})")),
    }
}

fn period_words(amount: i32, unit: Unit) -> (String, String) {
    let (zh, en) = match unit {
        Unit::Hours => ("小时", "hours"),
        Unit::Days => ("日（自然日）", "natural days"),
        Unit::WorkingDays => ("个工作日", "working days"),
        Unit::Months => ("个月", "months"),
        Unit::Years => ("年", "years"),
    };
    let back = if amount < 0 { ("向前倒数", " counted back") } else { ("", "") };
    (format!("{}{}{zh}", back.0, amount.unsigned_abs()), format!("{} {en}{}", amount.unsigned_abs(), back.1))
}

fn roll_words(roll: Roll) -> (&'static str, &'static str) {
    match roll {
        Roll::None => ("", ""),
        Roll::Forward => ("，末日为放假日的顺延", "; an end on a day off moves to the next working day"),
        Roll::Backward => ("，末日为放假日的提前", "; an end on a day off moves to the working day before"),
    }
}

/// The end of a deadline as people in that zone write it: the end of a day is its 24:00.
fn end_time(on: Day, at: Instant, calendar: &Calendar) -> String {
    let ends_the_day = at.day_in(calendar.zone()) > on;
    if ends_the_day { format!("{on} 24:00") } else { clock_time(at, calendar) }
}

/// A moment as people in that zone write it.
fn clock_time(at: Instant, calendar: &Calendar) -> String {
    at.timestamp().to_zoned(calendar.zone().clone()).strftime("%Y-%m-%d %H:%M").to_string()
}

fn step_line(step: &Step) -> Explained {
    let date = Day(step.date);
    let (zh, en) = day_words(&step.day);
    let line = match step.reason {
        StepReason::TriggerNotCounted => Explained::new(
            ExplanationCode::TriggerNotCounted,
            format!("{date} 开始当日不计入（民法典第201条）"),
            format!("{date}: the day of the event is not counted (Civil Code art. 201)"),
        ),
        StepReason::Counted(n) => Explained {
            counted: Some(n),
            ..Explained::new(ExplanationCode::Counted, format!("{date} {zh}，第{n}日"), format!("{date}: {en}, day {n}"))
        },
        StepReason::Skipped => {
            Explained::new(ExplanationCode::Skipped, format!("{date} {zh}，不计入"), format!("{date}: {en}, not counted"))
        }
        StepReason::Paused(ground) => {
            let (why_zh, why) = ground_words(ground);
            Explained::new(ExplanationCode::Paused, format!("{date} {why_zh}，不计入"), format!("{date}: not counted because of {why}"))
        }
        StepReason::Ends => Explained::new(ExplanationCode::Ends, format!("{date} 期间届满"), format!("{date}: the period ends")),
        StepReason::EndsWithoutCorrespondingDay => Explained::new(
            ExplanationCode::Ends,
            format!("{date} 没有对应日，以月末为届满日（民法典第202条）"),
            format!("{date}: no corresponding day, so the last day of the month (Civil Code art. 202)"),
        ),
        StepReason::EndsAfterPauses(days) => Explained::new(
            ExplanationCode::Paused,
            format!("{date} 扣除不计入的{days}日后届满"),
            format!("{date}: the end after {days} days that are not counted"),
        ),
        StepReason::RolledOver => {
            Explained::new(ExplanationCode::RolledOver, format!("{date} {zh}，继续顺延"), format!("{date}: {en}, passed over"))
        }
        StepReason::RolledTo => Explained::new(
            ExplanationCode::RolledTo,
            format!("{date} {zh}，届满日顺延至此（民法典第203条）"),
            format!("{date}: {en}, to which the end moves (Civil Code art. 203)"),
        ),
    };
    line.on(date)
}

fn rule_lines(rule: &Rule, early: bool) -> Vec<Explained> {
    let (title_zh, title_en) = (&rule.title.zh, &rule.title.en);
    let version = if rule.number == 0 {
        (String::new(), String::new())
    } else {
        (format!("（自有版本{}）", rule.number), format!(" (own version {})", rule.number))
    };
    let from = rule.effective_from.map_or_else(|| "…".to_owned(), |day| day.to_string());
    let to = rule.effective_to.map_or_else(|| "…".to_owned(), |day| day.to_string());
    let mut lines = vec![Explained::new(
        ExplanationCode::Rule,
        format!("规则 {}{}：{title_zh}。依据：{}。适用于 {from} 至 {to} 的起算日。", rule.id, version.0, rule.source),
        format!("Rule {}{}: {title_en}. Source: {}. For triggers from {from} to {to}.", rule.id, version.1, rule.source),
    )];
    if early {
        lines.push(Explained::new(
            ExplanationCode::Provisional,
            "起算日早于该规则最早的版本，按最早版本暂算",
            "The trigger is older than the rule's earliest version, by which it is counted for now",
        ));
    }
    if let Some(conflict) = &rule.conflict {
        lines.push(Explained::new(ExplanationCode::Conflict, conflict.zh.clone(), conflict.en.clone()));
    }
    lines
}

fn leg_lines(leg: &Leg, computation: &Computation, content: &Content, calendar: &Calendar, first: bool) -> Vec<Explained> {
    let mut lines = Vec::new();
    if let Some(basis) = &leg.basis {
        let code = if leg.applied.is_some() { ExplanationCode::Extended } else { ExplanationCode::Stated };
        let (zh, en) = if leg.applied.is_some() {
            ("延长：", "Extended: ")
        } else {
            ("届满日由人工按来源填写：", "The end was entered as stated: ")
        };
        lines.push(Explained::new(code, format!("{zh}{basis}"), format!("{en}{basis}")));
    } else if leg.applied.is_none() {
        lines.push(Explained::new(
            ExplanationCode::Stated,
            "届满日按通知或页面所载填写",
            "The end was entered as the notice or page states it",
        ));
    }
    let Some(applied) = &leg.applied else { return lines };
    let rule = applied.rule.as_ref().and_then(|named| {
        let version = content.rules.iter().find(|rule| rule.id == named.id && rule.number == named.number);
        version.map(|rule| rule_lines(rule, named.early))
    });
    lines.extend(rule.unwrap_or_else(|| {
        let named = applied.rule.iter();
        named
            .map(|named| {
                Explained::new(
                    ExplanationCode::Rule,
                    format!("规则 {}。依据：{}", named.id, named.source),
                    format!("Rule {}. Source: {}", named.id, named.source),
                )
            })
            .collect()
    }));
    let (zh, en) = period_words(applied.period.amount, applied.period.unit);
    let (roll_zh, roll_en) = roll_words(applied.period.roll);
    let from = leg.from.at.map_or_else(|| leg.from.on.to_string(), |at| end_time(leg.from.on, at, calendar));
    let (from_zh, from_en) = if first { ("自", "From") } else { ("自前一届满日", "From the end before,") };
    lines.push(
        Explained::new(ExplanationCode::Starts, format!("{from_zh} {from} 起算 {zh}{roll_zh}"), format!("{from_en} {from}: {en}{roll_en}"))
            .on(leg.from.on)
            .at(leg.from.at),
    );
    match &leg.counted {
        Some(counted) => lines.extend(counted.steps.iter().map(step_line)),
        None => {
            for stop in &computation.stops {
                let (zh, en) = ground_words(stop.ground);
                let until = stop.to.map_or_else(|| "…".to_owned(), |to| clock_time(to, calendar));
                let since = clock_time(stop.from, calendar);
                lines.push(
                    Explained::new(
                        ExplanationCode::Paused,
                        format!("{since} 至 {until} {zh}，不计入"),
                        format!("{since} to {until}: not counted because of {en}"),
                    )
                    .at(Some(stop.from)),
                );
            }
            let hours = if applied.period.unit == Unit::Hours { applied.period.amount } else { applied.period.amount.saturating_mul(24) };
            lines.push(
                Explained::new(
                    ExplanationCode::Hours,
                    format!("按{hours}小时连续计算，节假日不顺延"),
                    format!("{hours} hours without a stop, through nights and holidays"),
                )
                .at(Some(leg.due.at)),
            );
        }
    }
    lines
}

fn calendar_line(calendar: &Calendar, legs: &[Leg]) -> Option<Explained> {
    let mut years: Vec<i16> =
        legs.iter().flat_map(|leg| leg.counted.iter()).flat_map(|counted| counted.steps.iter().map(|step| step.date.year())).collect();
    years.sort_unstable();
    years.dedup();
    if years.is_empty() {
        return None;
    }
    let version = calendar.version();
    let told: Vec<(String, String)> = years
        .iter()
        .map(|year| match (calendar.is_published(*year), calendar.sources_of(*year)) {
            (true, sources) => {
                let sources = sources.into_iter().collect::<Vec<_>>().join(" ");
                (format!("{year}：{sources}"), format!("{year}: {sources}"))
            }
            (false, _) => (format!("{year}：尚未公布，仅扣除休息日"), format!("{year}: not published, rest days only")),
        })
        .collect();
    let (zh, en): (Vec<String>, Vec<String>) = told.into_iter().unzip();
    Some(Explained::new(
        ExplanationCode::Calendar,
        format!("日历 {}（版本 {}.{}）。{}", calendar.key(), version.base_revision, version.revision, zh.join("；")),
        format!("Calendar {} (version {}.{}). {}", calendar.key(), version.base_revision, version.revision, en.join("; ")),
    ))
}

fn alternative_line(alternative: &Alternative, content: &Content) -> Explained {
    let rule = content.rule(&alternative.rule_id);
    let (title, source) =
        rule.map_or((Bilingual { zh: String::new(), en: String::new() }, ""), |rule| (rule.title.clone(), rule.source.as_str()));
    Explained::new(
        ExplanationCode::Alternative,
        format!("同一事项的另一规则 {}（{}）：{}。依据：{source}", alternative.rule_id, title.zh, alternative.due_on),
        format!("Another rule for the same act, {} ({}): {}. Source: {source}", alternative.rule_id, title.en, alternative.due_on),
    )
    .on(alternative.due_on)
    .at(Some(alternative.due_at))
}

/// Explains how a computation comes to its date; a clock that stands still counts as going on at `now`.
///
/// # Errors
/// When the arithmetic leaves the calendar.
pub fn explain(computation: &Computation, content: &Content, calendar: &Calendar, now: Instant) -> Result<Vec<Explained>, PeriodError> {
    let legs = computation.legs(calendar, now)?;
    let due = computation.due(calendar, now)?;
    let mut lines = Vec::new();
    for (n, leg) in legs.iter().enumerate() {
        lines.extend(leg_lines(leg, computation, content, calendar, n == 0));
    }
    let stated = computation.changes.iter().any(|change| matches!(change.to, DueChangeTo::Stated(_)));
    let counted_at_all = legs.iter().any(|leg| leg.counted.is_some());
    if !counted_at_all && (stated || computation.applied.is_none()) {
        for stop in &computation.stops {
            let (zh, en) = ground_words(stop.ground);
            let (since, until) = (clock_time(stop.from, calendar), stop.to.map_or_else(|| "…".to_owned(), |to| clock_time(to, calendar)));
            lines.push(
                Explained::new(
                    ExplanationCode::Paused,
                    format!("{since} 至 {until} {zh}，顺延相应日数"),
                    format!("{since} to {until}: moved on by as many days because of {en}"),
                )
                .at(Some(stop.from)),
            );
        }
    }
    lines.extend(calendar_line(calendar, &legs));
    lines.extend(computation.alternatives.iter().map(|alternative| alternative_line(alternative, content)));
    if due.provisional {
        lines.push(Explained::new(
            ExplanationCode::Provisional,
            "暂定：所依据的日历或规则尚未确定，公布后自动重新计算",
            "Provisional: a calendar or rule it rests on is not settled; it is counted anew when that is published",
        ));
    }
    let end = end_time(due.on, due.at, calendar);
    lines.push(Explained::new(ExplanationCode::Due, format!("截止：{end}"), format!("Due: {end}")).on(due.on).at(Some(due.at)));
    Ok(lines)
}
