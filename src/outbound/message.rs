//! What a message says, made harmless for where it is shown: titles of cases are written by strangers.

use super::outcome::SendError;
use reqwest::Url;
use uuid::Uuid;

/// Bytes of a title at most: a hundred Chinese characters.
const TITLE: usize = 300;
/// Bytes of a link at most.
const LINK: usize = 1_000;
/// Stands where text was cut off.
const ELLIPSIS: &str = "…";

/// A message. Everything in it may be hostile: it is shown as text, whatever it holds.
#[derive(Debug, Clone)]
pub struct Message {
    /// Always the same for the same message: a mail's Message-ID is made of it, so that a mail that came twice is recognised.
    pub id: Uuid,
    /// One line; cut at 300 bytes.
    pub title: String,
    /// Lines of text; empty ones are left out, and those that do not fit into the channel are cut off.
    pub lines: Vec<String>,
    /// An http or https URL to go on from.
    pub link: Option<String>,
}

/// A link that was checked.
pub(super) struct Link {
    /// Safe inside the brackets of Markdown.
    pub(super) url: String,
    /// What people see of it: where it leads.
    pub(super) host: String,
}

impl Message {
    /// The title on one line.
    pub(super) fn title(&self) -> String {
        cut(&one_line(&self.title), TITLE)
    }

    /// The lines, each on one line.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.lines.iter().map(|line| one_line(line)).filter(|line| !line.is_empty())
    }

    /// The link, if there is one.
    pub(super) fn link(&self) -> Result<Option<Link>, SendError> {
        let Some(text) = &self.link else { return Ok(None) };
        let bad = || SendError::never("the message's link is no http or https URL of at most 1000 bytes");
        let url = Url::parse(text).map_err(|_| bad())?;
        let plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
        let host = url.host_str().filter(|_| plain).ok_or_else(bad)?.to_owned();
        let url = url.as_str().replace('(', "%28").replace(')', "%29");
        if url.len() <= LINK { Ok(Some(Link { url, host })) } else { Err(bad()) }
    }

    /// The message as Markdown: the title after `heading`, then the lines with `gap` between, then the link; at most `limit` bytes.
    pub(super) fn markdown(&self, heading: &str, gap: &str, limit: usize) -> Result<String, SendError> {
        let link = self.link()?.map(|link| format!("{gap}[{}]({})", link.host, link.url)).unwrap_or_default();
        let mut text = format!("{heading}{}", plain(&self.title()));
        for line in self.lines() {
            text.push_str(gap);
            text.push_str(&plain(&line));
        }
        Ok(cut(&text, limit.saturating_sub(link.len())) + &link)
    }
}

/// Text on one line, without what hides or reorders text (Unicode TR 36).
pub(super) fn one_line(text: &str) -> String {
    let shown = text.chars().filter(
        |c| !matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'),
    );
    let line: String = shown.map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// A line in which no robot finds markup, a mention, or something to make a link of.
///
/// What could be read so becomes its full-width twin, because the robots do not say how their Markdown is escaped: `@` becomes `＠`.
pub(super) fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut before = None;
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let after = rest.peek().copied();
        let between = before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric);
        let risky = match c {
            '*' | '`' | '[' | ']' | '(' | ')' | '<' | '>' | '#' | '@' | '~' | '|' | '\\' | '&' => true,
            '_' => !between,
            // shop.example, but not 12.50.
            '.' => between && after.is_some_and(char::is_alphabetic),
            ':' => after == Some('/'),
            // Lists and rules.
            '-' | '+' | '=' => before.is_none(),
            _ => false,
        };
        out.push(if risky { wide(c) } else { c });
        before = Some(c);
    }
    out
}

/// The full-width twin of a visible ASCII character (Unicode, Halfwidth and Fullwidth Forms).
fn wide(c: char) -> char {
    char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c)
}

/// At most so many bytes of a text, with an ellipsis where it was cut.
pub(super) fn cut(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    let mut end = bytes.saturating_sub(ELLIPSIS.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().to_owned() + ELLIPSIS
}
