//! The versioned data that cases are worked by: playbook, deadline rules, calendars. What ships is read once from the tables in `content/`; what a
//! tenant has of its own is laid over it.

use super::{
    calendar::{BUILT_IN_CALENDAR, Calendar, CalendarRecord},
    deadline_rule::{AppliesTo, Rule, RuleRecord},
    ladder::{Before, LadderStep, Ladders},
    language::Bilingual,
    period::{Period, Roll, Unit},
    playbook::{Anchor, Offset, PLATFORM_APPEAL, Playbook, Template},
    time::Day,
    trigger,
    vocabulary::{LadderKind, PauseGround, Platform, SourceConfidence},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    str::FromStr,
    sync::Arc,
};
use uuid::{Uuid, uuid};

/// The id of the playbook that ships with the product; also the default of `cases.playbook_id`.
pub const BUILT_IN_PLAYBOOK: Uuid = uuid!("0199a1b2-0000-7000-8000-0000000000a1");

/// Rises with each release that ships other calendars or rules: dates that were not certain are then counted anew.
pub const CONTENT_REVISION: i64 = 1;

/// Playbook, rules and calendars.
#[derive(Debug, Clone)]
pub struct Content {
    /// The playbook that ships with the product.
    pub playbook: Arc<Playbook>,
    /// The deadline rules, all versions.
    pub rules: Vec<Rule>,
    /// China's working days.
    pub calendar: Calendar,
    /// The calendars that a tenant has besides, by key.
    pub other_calendars: BTreeMap<String, Calendar>,
    /// The ladders of reminders.
    pub ladders: Ladders,
    appeals: HashMap<Platform, String>,
}

/// A table in `content/` that does not say what it should.
#[derive(Debug, thiserror::Error)]
#[error("content/{table}, {row}: {reason}")]
pub struct ContentError {
    table: &'static str,
    row: String,
    reason: String,
}

impl Content {
    /// The content inside the binary.
    ///
    /// # Errors
    /// When a table is wrong, which a test excludes.
    pub fn embedded() -> Result<Self, ContentError> {
        let conflicts: HashMap<String, Bilingual> =
            read("deadline_rules/conflicts.csv", include_str!("../../content/deadline_rules/conflicts.csv"), |row: ConflictRow| {
                Ok((row.rule_id, Bilingual { zh: row.zh, en: row.en }))
            })?
            .into_iter()
            .collect();
        let mut rules = read("deadline_rules/cn.csv", include_str!("../../content/deadline_rules/cn.csv"), rule)?;
        for rule in &mut rules {
            rule.conflict = conflicts.get(&rule.id).cloned();
        }
        let mut ladders = Ladders::new();
        for (kind, step) in read("reminder_ladders.csv", include_str!("../../content/reminder_ladders.csv"), ladder_step)? {
            ladders.entry(kind).or_default().push(step);
        }
        let wrong_calendar =
            |e: super::calendar::CalendarError| ContentError { table: "calendars/cn.csv", row: String::new(), reason: e.to_string() };
        Ok(Self {
            playbook: Arc::new(Playbook {
                id: BUILT_IN_PLAYBOOK.into(),
                key: "standard".into(),
                number: 1,
                title: Bilingual { zh: "标准预案".into(), en: "Standard playbook".into() },
                tasks: read("playbooks/standard.csv", include_str!("../../content/playbooks/standard.csv"), template)?,
            }),
            rules,
            ladders,
            other_calendars: BTreeMap::new(),
            calendar: Calendar::from_csv("cn", "Asia/Shanghai", include_bytes!("../../content/calendars/cn.csv"))
                .map_err(wrong_calendar)?,
            appeals: read(
                "deadline_rules/platform_appeals.csv",
                include_str!("../../content/deadline_rules/platform_appeals.csv"),
                |row: AppealRow| Ok((word(&row.platform)?, row.rule_id)),
            )?
            .into_iter()
            .collect(),
        })
    }

    /// What a tenant works by: its own calendars, rules and ladders over these.
    #[must_use]
    pub fn of_tenant(&self, calendars: &[CalendarRecord], rules: Vec<RuleRecord>, ladders: Ladders) -> Self {
        let mut content = self.clone();
        if let Some(record) = calendars.iter().find(|record| record.key == BUILT_IN_CALENDAR) {
            content.calendar = record.calendar(&self.calendar);
        }
        let others = calendars.iter().filter(|record| record.key != BUILT_IN_CALENDAR);
        content.other_calendars = others.map(|record| (record.key.clone(), record.calendar(&content.calendar))).collect();
        content.rules.extend(rules.into_iter().filter(|record| record.withdrawn_at.is_none()).map(|record| record.rule));
        content.ladders.extend(ladders);
        content
    }

    /// The steps by which deadlines of a kind are reminded of.
    #[must_use]
    pub fn ladder(&self, kind: LadderKind) -> &[LadderStep] {
        self.ladders.get(&kind).map(Vec::as_slice).unwrap_or_default()
    }

    /// The calendar of this key; the built-in one when there is none.
    #[must_use]
    pub fn calendar_of(&self, key: &str) -> &Calendar {
        self.other_calendars.get(key).unwrap_or(&self.calendar)
    }

    /// Whether there is a calendar of this key.
    #[must_use]
    pub fn knows_calendar(&self, key: &str) -> bool {
        key == BUILT_IN_CALENDAR || self.other_calendars.contains_key(key)
    }

    /// The appeal rule of a platform.
    #[must_use]
    pub fn platform_appeal(&self, platform: Platform) -> Option<&str> {
        self.appeals.get(&platform).map(String::as_str)
    }

    /// The newest version of a rule.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().filter(|rule| rule.id == id).max_by_key(|rule| rule.number)
    }

    /// Whether a trigger of this name starts anything in a case under a playbook.
    #[must_use]
    pub fn knows_event(&self, event: &str, playbook: &Playbook) -> bool {
        let known = [trigger::CASE_OPENED, trigger::VIOLATION_CONFIRMED, trigger::OUTCOME_RECORDED].contains(&event);
        known || self.rules.iter().any(|rule| rule.trigger_event == event) || playbook.has_anchor(&Anchor::Event(event.to_owned()))
    }

    /// Whether tasks of a playbook hang on a stated deadline of this key.
    #[must_use]
    pub fn knows_deadline_key(&self, key: &str, playbook: &Playbook) -> bool {
        key == PLATFORM_APPEAL || playbook.has_anchor(&Anchor::Stated(key.to_owned()))
    }

    /// The title of a deadline in both languages: its own, or that of its rule.
    #[must_use]
    pub fn title_of(&self, own: Option<&str>, rule: Option<&str>) -> Bilingual {
        let rule = rule.and_then(|id| self.rule(id));
        Bilingual::own_or(own, rule.map(|rule| &rule.title))
    }
}

fn read<R: for<'de> Deserialize<'de>, T>(
    table: &'static str,
    text: &str,
    convert: impl Fn(R) -> Result<T, String>,
) -> Result<Vec<T>, ContentError> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .enumerate()
        .map(|(index, row)| {
            row.map_err(|e| e.to_string()).and_then(&convert).map_err(|reason| ContentError {
                table,
                row: format!("row {}", index + 2),
                reason,
            })
        })
        .collect()
}

fn word<T: FromStr>(text: &str) -> Result<T, String>
where
    T::Err: std::fmt::Display,
{
    text.trim().parse().map_err(|e: T::Err| format!("{text}: {e}"))
}

fn words<T: FromStr>(list: &str) -> Result<Vec<T>, String>
where
    T::Err: std::fmt::Display,
{
    if list == "any" { Ok(Vec::new()) } else { list.split('|').map(word).collect() }
}

fn yes(text: &str) -> Result<bool, String> {
    match text {
        "yes" => Ok(true),
        "no" => Ok(false),
        other => Err(format!("{other} is neither yes nor no")),
    }
}

#[derive(Deserialize)]
struct AppealRow {
    platform: String,
    rule_id: String,
}

#[derive(Deserialize)]
struct TemplateRow {
    key: String,
    stage: String,
    reporter_types: String,
    channels: String,
    title_zh: String,
    title_en: String,
    documents_zh: String,
    documents_en: String,
    required: String,
    anchor_kind: String,
    anchor: String,
    offset: Option<i32>,
    unit: String,
    repeat_every: Option<i32>,
    repeat_unit: String,
    blocks_closing: String,
    done_means_zh: String,
    done_means_en: String,
}

fn offset(amount: Option<i32>, unit: &str) -> Result<Option<Offset>, String> {
    let Some(amount) = amount else { return Ok(None) };
    let unit = match unit {
        "hours" => Unit::Hours,
        "days" => Unit::Days,
        "working_days" => Unit::WorkingDays,
        other => return Err(format!("unknown unit {other}")),
    };
    Ok(Some(Offset { amount, unit }))
}

fn template(row: TemplateRow) -> Result<Template, String> {
    let (zh, en): (Vec<&str>, Vec<&str>) = (row.documents_zh.split('|').collect(), row.documents_en.split('|').collect());
    if zh.len() != en.len() {
        return Err("the wanted documents differ in number between the languages".into());
    }
    let documents = zh.iter().zip(en).filter(|(zh, _)| !zh.is_empty());
    Ok(Template {
        stage: word(&row.stage)?,
        reporter_types: words(&row.reporter_types)?,
        channels: words(&row.channels)?,
        title: Bilingual { zh: row.title_zh, en: row.title_en },
        wanted_documents: documents.map(|(zh, en)| Bilingual { zh: (*zh).to_owned(), en: en.to_owned() }).collect(),
        required: yes(&row.required)?,
        blocks_closing: yes(&row.blocks_closing)?,
        anchor: match row.anchor_kind.as_str() {
            "event" => Anchor::Event(row.anchor),
            "task" => Anchor::Task(row.anchor),
            "deadline" => Anchor::Deadline(row.anchor.split('|').map(str::to_owned).collect()),
            "stated" => Anchor::Stated(row.anchor),
            "none" => Anchor::None,
            other => return Err(format!("unknown anchor {other}")),
        },
        offset: offset(row.offset, &row.unit)?,
        repeat: offset(row.repeat_every, &row.repeat_unit)?,
        done_means: Bilingual { zh: row.done_means_zh, en: row.done_means_en },
        key: row.key,
    })
}

#[derive(Deserialize)]
struct LadderRow {
    kind: String,
    name: String,
    amount: i32,
    unit: String,
    to: String,
    critical: String,
    unless_acknowledged: String,
}

fn ladder_step(row: LadderRow) -> Result<(LadderKind, LadderStep), String> {
    let step = LadderStep {
        name: word(&row.name)?,
        before: Before { amount: row.amount, unit: word(&row.unit)? },
        to: words(&row.to)?.try_into()?,
        critical: yes(&row.critical)?,
        unless_acknowledged: yes(&row.unless_acknowledged)?,
    };
    Ok((word(&row.kind)?, step))
}

#[derive(Deserialize)]
struct RuleRow {
    id: String,
    alternative_of: String,
    stage: String,
    channel: String,
    title_zh: String,
    title_en: String,
    trigger_event: String,
    owed_by: String,
    amount: i32,
    unit: String,
    counting: String,
    source: String,
    effective_from: String,
    effective_to: String,
    confidence: String,
    not_counted: String,
    extends: String,
    note: String,
}

#[derive(Deserialize)]
struct ConflictRow {
    rule_id: String,
    zh: String,
    en: String,
}

fn confidence(mark: &str) -> Result<SourceConfidence, String> {
    Ok(match mark {
        "V" => SourceConfidence::Statute,
        "T" => SourceConfidence::OfficialForm,
        "P" => SourceConfidence::PlatformText,
        "S" => SourceConfidence::Secondary,
        "U" => SourceConfidence::Unverified,
        other => return Err(format!("unknown confidence {other}")),
    })
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn day(text: &str) -> Result<Option<Day>, String> {
    if text.is_empty() { Ok(None) } else { word(text).map(Some) }
}

fn rule(row: RuleRow) -> Result<Rule, String> {
    let unit = match row.unit.as_str() {
        "H" => Some(Unit::Hours),
        "CD" => Some(Unit::Days),
        "WD" => Some(Unit::WorkingDays),
        "M" => Some(Unit::Months),
        "Y" => Some(Unit::Years),
        "AS_STATED" => None,
        other => return Err(format!("unknown unit {other}")),
    };
    let roll = match row.counting.as_str() {
        "CD_ROLL" | "M_ROLL" => Roll::Forward,
        "H" | "CD" | "WD" | "WD_BEFORE" | "M" | "AS_STATED" => Roll::None,
        other => return Err(format!("unknown counting {other}")),
    };
    let not_counted = row.not_counted.split('|').filter(|ground| !ground.is_empty()).map(word::<PauseGround>).collect::<Result<_, _>>()?;
    Ok(Rule {
        number: 0,
        version_id: None,
        stage: word(&row.stage)?,
        applies_to: row.channel.split(',').map(word::<AppliesTo>).collect::<Result<_, _>>()?,
        title: Bilingual { zh: row.title_zh, en: row.title_en },
        owed_by: word(&row.owed_by)?,
        period: unit.map(|unit| Period { amount: row.amount, unit, roll }),
        effective_from: day(&row.effective_from)?,
        effective_to: day(&row.effective_to)?,
        alternative_of: some(row.alternative_of),
        extends: some(row.extends),
        calendar: BUILT_IN_CALENDAR.into(),
        not_counted,
        confidence: confidence(&row.confidence)?,
        conflict: None,
        id: row.id,
        trigger_event: row.trigger_event,
        source: row.source,
        note: row.note,
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_content_is_whole() {
        let content = Content::embedded().unwrap();
        let playbook = &content.playbook;
        assert_eq!(playbook.tasks.len(), 91);
        assert_eq!(content.rules.len(), 145);
        for rule in &content.rules {
            for other in [&rule.alternative_of, &rule.extends].into_iter().flatten() {
                assert!(content.rule(other).is_some(), "{} stands beside or behind {other}", rule.id);
            }
        }
        assert_eq!(content.rules.iter().filter(|rule| rule.conflict.is_some()).count(), 8, "a conflict is about no rule");
        for kind in LadderKind::ALL {
            assert!(!content.ladder(*kind).is_empty(), "nobody is reminded of {kind} deadlines");
        }
        let keys: HashSet<_> = playbook.tasks.iter().map(|t| t.key.as_str()).collect();
        assert_eq!(keys.len(), 91, "a key occurs twice");
        for task in &playbook.tasks {
            match &task.anchor {
                Anchor::Task(key) => assert!(keys.contains(key.as_str()), "{} hangs on {key}", task.key),
                Anchor::Deadline(rules) => {
                    for id in rules.iter().filter(|id| *id != PLATFORM_APPEAL) {
                        assert!(content.rule(id).is_some(), "{} hangs on {id}", task.key);
                    }
                }
                Anchor::Event(_) | Anchor::Stated(_) | Anchor::None => {}
            }
            assert!(!task.required || task.anchor == Anchor::None || task.offset.is_some(), "{} is required and never due", task.key);
            let texts = [&task.title, &task.done_means].into_iter().chain(&task.wanted_documents);
            assert!(texts.into_iter().all(|t| !t.zh.is_empty() && !t.en.is_empty()), "{} lacks a language", task.key);
        }
        for platform in Platform::ALL {
            if let Some(id) = content.platform_appeal(*platform) {
                assert!(content.rule(id).unwrap().applies_to.contains(&AppliesTo::Platform(*platform)), "{platform}: {id}");
            }
        }
    }
}
