//! A person's deadlines as an iCalendar feed (RFC 5545, RFC 7986), which calendar programs subscribe to.

use jiff::{SignedDuration, Timestamp, civil::Date};

/// A calendar of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed<'a> {
    /// The name under which programs show it (RFC 7986 §5.1); some show a backslash before `,`, `;` and `\`.
    pub name: &'a str,
    /// How often programs are asked to read it again; never less than a minute (RFC 7986 §5.7).
    pub refresh_minutes: u32,
    /// What is in it, in this order.
    pub events: Vec<FeedEvent>,
}

/// One entry of the calendar (RFC 5545 §3.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedEvent {
    /// What stays the same through every change (RFC 5545 §3.8.4.7).
    pub uid: String,
    /// What rises with every change (RFC 5545 §3.8.7.4).
    pub sequence: i64,
    /// The last change (RFC 5545 §3.8.7.2 and §3.8.7.3).
    pub stamp: Timestamp,
    /// When it was made (RFC 5545 §3.8.7.1).
    pub created: Timestamp,
    /// The day or the moment.
    pub when: When,
    /// Its title (RFC 5545 §3.8.1.12).
    pub summary: String,
    /// The text below the title (RFC 5545 §3.8.1.5).
    pub description: String,
    /// Where to read more (RFC 5545 §3.8.4.6).
    pub url: Option<String>,
    /// Its categories (RFC 5545 §3.8.1.2).
    pub categories: Vec<String>,
    /// Whether it no longer holds (RFC 5545 §3.8.1.11); then it has no alarms.
    pub cancelled: bool,
    /// Alarms, in minutes before the moment or before the day begins (RFC 5545 §3.6.6). Outlook takes one at most.
    pub alarm_minutes_before: Vec<u32>,
}

/// When something is due, in the years 0 to 9999 (RFC 5545 §3.3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// On that day, wherever one is: an event of the whole day.
    Day(Date),
    /// Up to that moment: an event of half an hour that ends there.
    ///
    /// What began at the end of a day, where most deadlines lie, would be shown on the day after.
    /// An event without a length is not allowed to have an end (RFC 5545 §3.8.2.2); without an end
    /// Exchange refuses it, and others draw an hour after the moment.
    Moment(Timestamp),
}

/// How long before its moment an event begins.
const LEAD_MINUTES: u32 = 30;

/// A content line has no more octets than these, without its line break (RFC 5545 §3.1).
const LINE_OCTETS: usize = 75;

/// Writes the feed as `text/calendar; charset=utf-8; method=PUBLISH`; the same input gives the same octets.
#[must_use]
pub fn write(feed: &Feed<'_>) -> String {
    let refresh = format!("PT{}M", feed.refresh_minutes.max(1));
    let mut lines = Lines::default();
    lines.put("BEGIN", "VCALENDAR");
    lines.put("VERSION", "2.0");
    lines.put("PRODID", "-//Rejoinder//Deadlines//EN");
    lines.put("METHOD", "PUBLISH");
    // Older programs know the second name of each pair alone.
    lines.text("NAME", feed.name);
    lines.text("X-WR-CALNAME", feed.name);
    lines.put("REFRESH-INTERVAL;VALUE=DURATION", &refresh);
    lines.put("X-PUBLISHED-TTL", &refresh);
    for event in &feed.events {
        lines.event(event);
    }
    lines.put("END", "VCALENDAR");
    lines.0
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The characters of a text, one by one.
fn characters(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|_| true)
}

/// A character as it stands in a TEXT value (RFC 5545 §3.3.11); nothing, when it must not stand there.
fn escaped(character: &str) -> &str {
    match character {
        "\\" => "\\\\",
        ";" => "\\;",
        "," => "\\,",
        "\n" => "\\n",
        "\t" => character,
        _ if character.contains(char::is_control) => "",
        _ => character,
    }
}

/// Content lines, folded and ended as RFC 5545 §3.1 wants them.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn event(&mut self, event: &FeedEvent) {
        self.put("BEGIN", "VEVENT");
        self.text("UID", &event.uid);
        self.put("DTSTAMP", &utc(event.stamp));
        self.put("LAST-MODIFIED", &utc(event.stamp));
        self.put("CREATED", &utc(event.created));
        self.put("SEQUENCE", &event.sequence.clamp(0, i64::from(i32::MAX)).to_string());
        self.put("STATUS", if event.cancelled { "CANCELLED" } else { "CONFIRMED" });
        let lead = match event.when {
            When::Day(day) => {
                self.put("DTSTART;VALUE=DATE", &day.strftime("%Y%m%d").to_string());
                // Without an end the event has the one day all the same.
                if let Ok(next) = day.tomorrow() {
                    self.put("DTEND;VALUE=DATE", &next.strftime("%Y%m%d").to_string());
                }
                0
            }
            When::Moment(at) => {
                let start = at.checked_sub(SignedDuration::from_mins(i64::from(LEAD_MINUTES))).unwrap_or(at);
                self.put("DTSTART", &utc(start));
                self.put("DTEND", &utc(at));
                LEAD_MINUTES
            }
        };
        self.put("TRANSP", "TRANSPARENT");
        self.text("SUMMARY", &event.summary);
        self.text("DESCRIPTION", &event.description);
        if let Some(url) = &event.url {
            // Nothing can be escaped in a URI, so what may end its line goes.
            self.line("URL", characters(url).filter(|c| !c.contains(|c: char| c.is_control() || c.is_whitespace())));
        }
        if let Some((first, others)) = event.categories.split_first() {
            let others = others.iter().flat_map(|category| [","].into_iter().chain(characters(category).map(escaped)));
            self.line("CATEGORIES", characters(first).map(escaped).chain(others));
        }
        for minutes in event.alarm_minutes_before.iter().filter(|_| !event.cancelled) {
            self.alarm(&event.summary, *minutes, lead);
        }
        self.put("END", "VEVENT");
    }

    fn alarm(&mut self, text: &str, minutes: u32, lead: u32) {
        // Counted from the start: Exchange counts from there whatever RELATED says.
        let sign = if minutes > lead { "-" } else { "" };
        self.put("BEGIN", "VALARM");
        self.put("ACTION", "DISPLAY");
        self.put("TRIGGER", &format!("{sign}PT{}M", minutes.abs_diff(lead)));
        self.text("DESCRIPTION", text);
        self.put("END", "VALARM");
    }

    fn put(&mut self, name: &str, value: &str) {
        self.line(name, characters(value));
    }

    fn text(&mut self, name: &str, value: &str) {
        self.line(name, characters(value).map(escaped));
    }

    /// A fold stands between two parts, so that no character and no escape is cut: not all programs unfold before they unescape.
    fn line<'v>(&mut self, name: &str, value: impl Iterator<Item = &'v str>) {
        self.0.push_str(name);
        self.0.push(':');
        let mut octets = name.len() + 1;
        for part in value {
            if octets + part.len() > LINE_OCTETS {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push_str(part);
            octets += part.len();
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn deadline() -> FeedEvent {
        FeedEvent {
            uid: "7@rejoinder".into(),
            sequence: 3,
            stamp: at("2026-10-01T08:00:00.9Z"),
            created: at("2026-09-30T08:00:00Z"),
            when: When::Day(date(2026, 10, 10)),
            summary: "答复".into(),
            description: "One, two".into(),
            url: Some("https://rejoinder.example/cases/7?a=1,2;3".into()),
            categories: vec!["法定".into(), "a,b".into()],
            cancelled: false,
            alarm_minutes_before: vec![1440],
        }
    }

    fn written(event: FeedEvent) -> String {
        write(&Feed { name: "期限", refresh_minutes: 60, events: vec![event] })
    }

    fn lines(feed: &str) -> Vec<String> {
        feed.replace("\r\n ", "").strip_suffix("\r\n").unwrap().split("\r\n").map(str::to_owned).collect()
    }

    fn values(feed: &str, name: &str) -> Vec<String> {
        lines(feed).iter().filter_map(|line| line.strip_prefix(&format!("{name}:")).map(str::to_owned)).collect()
    }

    fn unescaped(value: &str) -> String {
        // No line holds a NUL, so it can stand for the backslash meanwhile.
        value.replace(r"\\", "\0").replace(r"\n", "\n").replace(r"\;", ";").replace(r"\,", ",").replace('\0', r"\")
    }

    /// What is left of a text without the CONTROL of RFC 5545 §3.1 and the controls of U+0080 to U+009F.
    fn allowed(text: &str) -> String {
        text.chars().filter(|c| !matches!(u32::from(*c), 0..=8 | 0xb..=0x1f | 0x7f..=0x9f)).collect()
    }

    #[test]
    fn a_day_is_written_in_full() {
        let expected = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Rejoinder//Deadlines//EN\r\nMETHOD:PUBLISH\r\nNAME:期限\r\nX-WR-CALNAME:期限\r\n\
            REFRESH-INTERVAL;VALUE=DURATION:PT60M\r\nX-PUBLISHED-TTL:PT60M\r\nBEGIN:VEVENT\r\nUID:7@rejoinder\r\nDTSTAMP:20261001T080000Z\r\n\
            LAST-MODIFIED:20261001T080000Z\r\nCREATED:20260930T080000Z\r\nSEQUENCE:3\r\nSTATUS:CONFIRMED\r\nDTSTART;VALUE=DATE:20261010\r\n\
            DTEND;VALUE=DATE:20261011\r\nTRANSP:TRANSPARENT\r\nSUMMARY:答复\r\nDESCRIPTION:One\\, two\r\n\
            URL:https://rejoinder.example/cases/7?a=1,2;3\r\nCATEGORIES:法定,a\\,b\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1440M\r\n\
            DESCRIPTION:答复\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
        assert_eq!(written(deadline()), expected);
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let feed = written(FeedEvent { url: None, categories: vec![], alarm_minutes_before: vec![], ..deadline() });
        assert!(["URL", "CATEGORIES", "BEGIN:VALARM"].iter().all(|name| !feed.contains(name)));
        let empty = write(&Feed { name: "", refresh_minutes: 0, events: vec![] });
        assert!(empty.ends_with("NAME:\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1M\r\nX-PUBLISHED-TTL:PT1M\r\nEND:VCALENDAR\r\n"));
    }

    #[test]
    fn an_event_stands_on_the_day_on_which_it_is_due() {
        let moment = |text| When::Moment(at(text));
        for (when, start, end) in [
            (When::Day(date(2026, 12, 31)), "DTSTART;VALUE=DATE:20261231", "DTEND;VALUE=DATE:20270101"),
            (When::Day(date(2028, 2, 28)), "DTSTART;VALUE=DATE:20280228", "DTEND;VALUE=DATE:20280229"),
            (When::Day(Date::MAX), "DTSTART;VALUE=DATE:99991231", "TRANSP:TRANSPARENT"),
            (moment("2026-10-11T00:00:00+08:00"), "DTSTART:20261010T153000Z", "DTEND:20261010T160000Z"),
            (moment("2026-01-01T00:10:00.999Z"), "DTSTART:20251231T234000Z", "DTEND:20260101T001000Z"),
        ] {
            let lines = lines(&written(FeedEvent { when, ..deadline() }));
            let place = lines.iter().position(|line| line == start).unwrap();
            assert_eq!(lines.get(place + 1).unwrap(), end, "{when:?}");
        }
    }

    #[test]
    fn an_alarm_rings_that_long_before_what_is_not_cancelled() {
        assert_eq!(values(&written(deadline()), "TRIGGER"), ["-PT1440M"]);
        let when = When::Moment(at("2026-10-10T16:00:00Z"));
        for (minutes, trigger) in [(60, "-PT30M"), (30, "PT0M"), (10, "PT20M"), (u32::MAX, "-PT4294967265M")] {
            let feed = written(FeedEvent { when, alarm_minutes_before: vec![minutes], ..deadline() });
            assert_eq!(values(&feed, "TRIGGER"), [trigger], "{minutes}");
        }
        let cancelled = written(FeedEvent { cancelled: true, ..deadline() });
        assert_eq!(values(&cancelled, "STATUS"), ["CANCELLED"]);
        assert_eq!(values(&cancelled, "BEGIN"), ["VCALENDAR", "VEVENT"], "no alarm");
    }

    #[test]
    fn a_sequence_fits_an_integer_of_the_format() {
        for (sequence, expected) in [(i64::MIN, "0"), (-1, "0"), (0, "0"), (2_147_483_647, "2147483647"), (i64::MAX, "2147483647")] {
            assert_eq!(values(&written(FeedEvent { sequence, ..deadline() }), "SEQUENCE"), [expected]);
        }
    }

    #[test]
    fn nothing_ends_its_line_early() {
        let url = Some("https://a.example/\r\nBEGIN:VEVENT\u{2028}\u{85} x".into());
        assert_eq!(values(&written(FeedEvent { url, ..deadline() }), "URL"), ["https://a.example/BEGIN:VEVENTx"]);
        for (text, expected) in [
            ("投诉 😀", "投诉 😀"),
            (r"a\nb;c,d:e", r"a\\nb\;c\,d:e"),
            ("one\r\ntwo\rthree\n", r"one\ntwothree\n"),
            ("x\r\nEND:VEVENT\r\nBEGIN:VEVENT", r"x\nEND:VEVENT\nBEGIN:VEVENT"),
            ("tab\there\0\u{7}\u{1b}[31m\u{7f}\u{85}", "tab\there[31m"),
        ] {
            let event = FeedEvent { uid: text.into(), summary: text.into(), categories: vec![text.into(); 2], ..deadline() };
            let feed = write(&Feed { name: text, refresh_minutes: 60, events: vec![event] });
            for name in ["NAME", "X-WR-CALNAME", "UID", "SUMMARY"] {
                assert_eq!(values(&feed, name), [expected], "{name}");
            }
            assert_eq!(values(&feed, "CATEGORIES"), [format!("{expected},{expected}")]);
            assert_eq!(values(&feed, "BEGIN"), ["VCALENDAR", "VEVENT", "VALARM"]);
        }
    }

    #[test]
    fn a_fold_cuts_neither_characters_nor_escapes() {
        for (text, folded) in [
            ("x".repeat(67), format!("SUMMARY:{}", "x".repeat(67))),
            ("x".repeat(68 + 75), format!("SUMMARY:{}\r\n {}\r\n xx", "x".repeat(67), "x".repeat(74))),
            (format!("{}投", "x".repeat(65)), format!("SUMMARY:{}\r\n 投", "x".repeat(65))),
            (format!("{}\n", "x".repeat(66)), format!("SUMMARY:{}\r\n \\n", "x".repeat(66))),
            (format!("{} y", "x".repeat(67)), format!("SUMMARY:{}\r\n  y", "x".repeat(67))),
        ] {
            let feed = written(FeedEvent { summary: text, ..deadline() });
            assert!(feed.contains(&format!("\r\n{folded}\r\n")), "{feed}");
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        let hostile: Vec<char> = "\\;,:\"\r\n\t \0\u{85}\u{2028}n投😀".chars().collect();
        prop::collection::vec(prop_oneof![prop::sample::select(hostile), any::<char>()], 0..300).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn any_text_comes_back(name in any_text(), uid in any_text(), summary in any_text(), url in any_text()) {
            let event = FeedEvent { uid: uid.clone(), summary: summary.clone(), description: name.clone(), url: Some(url), ..deadline() };
            let feed = Feed { name: &name, refresh_minutes: 60, events: vec![event.clone(), event] };
            let octets = write(&feed);
            prop_assert_eq!(&octets, &write(&feed));
            for line in octets.strip_suffix("\r\n").unwrap().split("\r\n") {
                prop_assert!(line.len() <= LINE_OCTETS && !line.contains(|c: char| c.is_control() && c != '\t'), "{:?}", line);
            }
            prop_assert_eq!(values(&octets, "BEGIN"), ["VCALENDAR", "VEVENT", "VALARM", "VEVENT", "VALARM"]);
            let (name, uid, summary) = (allowed(&name), allowed(&uid), allowed(&summary));
            let read = |property| values(&octets, property).iter().map(|value| unescaped(value)).collect::<Vec<String>>();
            prop_assert_eq!(read("NAME"), [name.as_str()]);
            prop_assert_eq!(read("UID"), [uid.as_str(), &uid]);
            prop_assert_eq!(read("SUMMARY"), [summary.as_str(), &summary]);
            prop_assert_eq!(read("DESCRIPTION"), [name.as_str(), &summary, &name, &summary]);
        }
    }
}
