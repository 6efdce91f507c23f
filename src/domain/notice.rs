//! What a message about a deadline says, in the language of whoever reads it.

use super::{
    language::{Bilingual, Language},
    time::Instant,
    vocabulary::OwedBy,
};
use jiff::{
    ToSpan as _,
    civil::{DateTime, Weekday},
    tz::TimeZone,
};

/// What is told of a deadline. It names no reporter, nor anything else that a case keeps sealed.
#[derive(Debug, Clone)]
pub struct Notice {
    /// The deadline.
    pub title: Bilingual,
    /// The number of its case.
    pub case_number: String,
    /// The shop.
    pub shop: String,
    /// Who owes the act.
    pub owed_by: OwedBy,
    /// When it ends.
    pub due_at: Instant,
    /// When the message should have gone out, if it is late.
    pub planned_at: Option<Instant>,
    /// The name of whoever is stood in for.
    pub instead_of: Option<String>,
}

/// A message in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its title.
    pub title: String,
    /// Its lines.
    pub lines: Vec<String>,
}

impl Notice {
    /// The message as it is sent at `now` to somebody in a zone.
    #[must_use]
    pub fn text(&self, language: Language, zone: &TimeZone, now: Instant) -> Text {
        let title = self.title.in_language(language);
        let passed = self.due_at <= now;
        let time = duration((self.due_at.seconds() - now.seconds()).unsigned_abs(), language);
        let due = local(self.due_at, zone, language);
        let zone_name = zone.iana_name().unwrap_or("UTC");
        match language {
            Language::Chinese => {
                let head = match (self.owed_by, passed) {
                    (_, false) => format!("期限提醒：{title}（还剩{time}）"),
                    (OwedBy::Us, true) => format!("期限已逾期：{title}（已过{time}）"),
                    (OwedBy::Them, true) => format!("对方期限已过，请催办：{title}（已过{time}）"),
                    (OwedBy::System, true) => format!("期限已届满：{title}（已过{time}）"),
                };
                let mut lines = vec![
                    format!("案件：{}", self.case_number),
                    format!("店铺：{}", self.shop),
                    format!("截止：{due}（{zone_name}）"),
                    if passed { format!("已逾期：{time}") } else { format!("剩余时间：{time}") },
                ];
                lines.extend(self.instead_of.as_ref().map(|name| format!("{name}不在岗，由您代收。")));
                lines.extend(self.planned_at.map(|at| format!("本提醒迟到：原定 {} 发出，当时服务未运行。", local(at, zone, language))));
                Text { title: head, lines }
            }
            Language::English => {
                let head = match (self.owed_by, passed) {
                    (_, false) => format!("Deadline: {title} ({time} left)"),
                    (OwedBy::Us, true) => format!("Deadline overdue: {title} (for {time})"),
                    (OwedBy::Them, true) => format!("Their deadline has passed, chase it: {title} ({time} ago)"),
                    (OwedBy::System, true) => format!("Period over: {title} ({time} ago)"),
                };
                let mut lines = vec![
                    format!("Case: {}", self.case_number),
                    format!("Shop: {}", self.shop),
                    format!("Ends: {due} ({zone_name})"),
                    if passed { format!("Overdue for: {time}") } else { format!("Time left: {time}") },
                ];
                lines.extend(self.instead_of.as_ref().map(|name| format!("{name} is away: you get this instead.")));
                lines.extend(self.planned_at.map(|at| {
                    format!("This reminder is late: it was planned for {}, when the server was not running.", local(at, zone, language))
                }));
                Text { title: head, lines }
            }
        }
    }
}

/// What a channel's owner gets to see whether it works.
#[must_use]
pub fn trial(name: &str, language: Language) -> Text {
    match language {
        Language::Chinese => Text {
            title: "测试消息：期限提醒通道已接通".into(),
            lines: vec![format!("通道：{name}"), "收到本消息说明期限提醒可以送达此处。".into()],
        },
        Language::English => Text {
            title: "Test message: this channel for deadline reminders works".into(),
            lines: vec![format!("Channel: {name}"), "If you can read this, reminders of deadlines reach this place.".into()],
        },
    }
}

/// The two largest units of a time.
fn duration(seconds: u64, language: Language) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    let parts = match (days, hours) {
        (0, 0) => vec![(minutes, "分钟", "min")],
        (0, _) => vec![(hours, "小时", "h"), (minutes, "分钟", "min")],
        _ => vec![(days, "天", "d"), (hours, "小时", "h")],
    };
    let largest = parts.first().copied();
    let told = parts.into_iter().filter(|part| part.0 > 0 || Some(*part) == largest && days + hours == 0);
    let words: Vec<String> = match language {
        Language::Chinese => told.map(|(amount, zh, _)| format!("{amount}{zh}")).collect(),
        Language::English => told.map(|(amount, _, en)| format!("{amount} {en}")).collect(),
    };
    words.join(if language == Language::Chinese { "" } else { " " })
}

/// A moment as people in a zone say it: the end of a day is its 24:00, not the 00:00 of the next one.
fn local(at: Instant, zone: &TimeZone, language: Language) -> String {
    let here: DateTime = at.timestamp().to_zoned(zone.clone()).datetime();
    let midnight = here.hour() == 0 && here.minute() == 0 && here.second() == 0;
    let day = if midnight { here.date().checked_sub(1.day()).unwrap_or(here.date()) } else { here.date() };
    let hour = if midnight { 24 } else { here.hour() };
    let (zh, en) = match day.weekday() {
        Weekday::Monday => ("周一", "Mon"),
        Weekday::Tuesday => ("周二", "Tue"),
        Weekday::Wednesday => ("周三", "Wed"),
        Weekday::Thursday => ("周四", "Thu"),
        Weekday::Friday => ("周五", "Fri"),
        Weekday::Saturday => ("周六", "Sat"),
        Weekday::Sunday => ("周日", "Sun"),
    };
    match language {
        Language::Chinese => format!("{day}（{zh}）{hour:02}:{:02}", here.minute()),
        Language::English => format!("{en} {day} {hour:02}:{:02}", here.minute()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
mod tests {
    use super::*;

    fn notice() -> Notice {
        Notice {
            title: Bilingual { zh: "平台申诉".into(), en: "Platform appeal".into() },
            case_number: "2026-000007".into(),
            shop: "晨光家居".into(),
            owed_by: OwedBy::Us,
            due_at: "2026-11-27T16:00:00Z".parse().unwrap(),
            planned_at: None,
            instead_of: None,
        }
    }

    #[test]
    fn a_message_says_when_and_how_long() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let text = |now: &str, language| notice().text(language, &zone, now.parse().unwrap());
        let before = text("2026-11-26T09:30:00Z", Language::Chinese);
        assert_eq!(before.title, "期限提醒：平台申诉（还剩1天6小时）");
        assert_eq!(before.lines[2..], ["截止：2026-11-27（周五）24:00（Asia/Shanghai）", "剩余时间：1天6小时"]);
        let after = text("2026-11-27T16:05:00Z", Language::English);
        assert_eq!(after.title, "Deadline overdue: Platform appeal (for 5 min)");
        assert_eq!(after.lines[2..], ["Ends: Fri 2026-11-27 24:00 (Asia/Shanghai)", "Overdue for: 5 min"]);
        let late = Notice { planned_at: Some("2026-11-26T16:00:00Z".parse().unwrap()), instead_of: Some("李蕾".into()), ..notice() };
        let late = late.text(Language::English, &zone, "2026-11-27T14:00:00Z".parse().unwrap());
        assert_eq!(
            late.lines[3..],
            [
                "Time left: 2 h",
                "李蕾 is away: you get this instead.",
                "This reminder is late: it was planned for Thu 2026-11-26 24:00, when the server was not running.",
            ]
        );
    }
}
