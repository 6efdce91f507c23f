//! A person's calendar feeds: making and revoking them, and writing what calendar programs subscribe to.

use crate::{
    auth::feed_tokens,
    domain::{
        access::{ReadCases, WriteSelf},
        calendar_feed::{self, Feed, FeedEvent, When},
        content::Content,
        ids::AgendaFeedId,
        language::Language,
        text::Line,
        vocabulary::{DeadlineStatus, OwedBy},
    },
    store::{
        self, Failure, StoreError, Tx,
        records::{AgendaFeed, DeadlineInFeed},
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

/// How far back a feed reaches, in seconds: 90 days.
const BACK: i64 = 90 * 24 * 3600;
/// How far ahead, in seconds: 400 days.
const AHEAD: i64 = 400 * 24 * 3600;
/// How often programs are asked to read it again.
const REFRESH_MINUTES: u32 = 30;

/// A calendar feed to make. It shows what its member may see, as long as they may.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAgendaFeed {
    /// What it is for.
    pub name: Line<100>,
    /// Only what the member answers for; else all that they may see.
    #[serde(default = "yes")]
    #[schema(required = false)]
    pub only_mine: bool,
    /// The language of its words, `zh-CN` or `en`.
    #[serde(default)]
    #[schema(required = false)]
    pub language: Language,
}

const fn yes() -> bool {
    true
}

/// Makes a feed; its token is told once.
///
/// # Errors
/// When the database fails.
pub fn create(tx: &mut Tx<'_, WriteSelf>, new: NewAgendaFeed) -> Result<(AgendaFeed, String), Failure> {
    let feed =
        AgendaFeed { id: tx.new_id(), name: new.name.into(), only_mine: new.only_mine, language: new.language, created_at: tx.now() };
    let (token, hash) = feed_tokens::generate(feed.id, &tx.ground().clock);
    store::agenda_feeds::insert(tx, &feed, hash)?;
    Ok((feed, token))
}

/// The feed of the caller who holds its token, as `text/calendar`; links begin with `public_url`.
///
/// # Errors
/// When it has been revoked.
pub fn read(tx: &mut Tx<'_, ReadCases>, id: AgendaFeedId, public_url: &str) -> Result<String, Failure> {
    let feed = store::agenda_feeds::find(tx, id)?;
    let (content, now) = (tx.content()?, tx.now());
    let member = tx.scope().member();
    let found = store::agenda_feeds::deadlines(tx, feed.only_mine.then_some(member), now.plus_seconds(-BACK), now.plus_seconds(AHEAD))?;
    let events = found.into_iter().map(|found| event(found, &content, feed.language, public_url)).collect();
    Ok(calendar_feed::write(&Feed { name: &feed.name, refresh_minutes: REFRESH_MINUTES, events }))
}

fn event(found: DeadlineInFeed, content: &Content, language: Language, public_url: &str) -> FeedEvent {
    let DeadlineInFeed { deadline, case_number, shop_name, case_is_open, case_version, case_updated_at } = found;
    let pick = |zh: &'static str, en: &'static str| if language == Language::Chinese { zh } else { en };
    let zone = content.calendar_of(&deadline.computation.calendar).zone();
    // What ends at 24:00 ends with its day; another moment is a countdown.
    let ends_the_day = deadline.due_at.day_in(zone) > deadline.due_on;
    let mark = match deadline.status {
        DeadlineStatus::Missed => pick("【已错过】", "[missed] "),
        DeadlineStatus::Suspended => pick("【中止】", "[standing still] "),
        DeadlineStatus::Pending if deadline.provisional => pick("【暂定】", "[provisional] "),
        DeadlineStatus::Pending | DeadlineStatus::Met | DeadlineStatus::Waived => "",
    };
    let who = match deadline.owed_by {
        OwedBy::Us => pick("我方义务", "Owed by us"),
        OwedBy::Them => pick("对方或机关义务", "Owed by an authority or the other side"),
        OwedBy::System => pick("依法自动发生", "Happens by law"),
    };
    let rule = deadline.rule_id.as_deref().unwrap_or("-");
    let title = deadline.title(content);
    FeedEvent {
        uid: format!("{}@rejoinder", deadline.id),
        // The deadline's own version would not rise when its case closes.
        sequence: case_version,
        stamp: case_updated_at.timestamp(),
        created: deadline.created_at.timestamp(),
        when: if ends_the_day { When::Day(deadline.due_on.0) } else { When::Moment(deadline.due_at.timestamp()) },
        summary: format!("{mark}{} · {case_number} · {shop_name}", title.in_language(language)),
        description: format!("{who}\n{}{rule}\n{}{}", pick("规则：", "Rule: "), pick("阶段：", "Stage: "), deadline.stage.name(language)),
        url: Some(format!("{public_url}/v1/deadlines/{}", deadline.id)),
        categories: vec![deadline.stage.to_string()],
        cancelled: !deadline.is_open() || !case_is_open,
        alarm_minutes_before: Vec::new(),
    }
}

/// Revokes a feed at once.
///
/// # Errors
/// [`StoreError::NotFound`] when it is not one of the caller's.
pub fn revoke(tx: &mut Tx<'_, WriteSelf>, id: AgendaFeedId) -> Result<(), StoreError> {
    store::agenda_feeds::revoke(tx, id)
}
