//! When members work, when they are away, and who stands in.

use super::{must_have_seen, named_in_body};
use crate::{
    domain::{
        access::{WriteMembers, WriteSelf},
        availability::{Availability, TimeOfDay},
        calendar::Zone,
        content::Content,
        field_rule::FieldRule,
        ids::MemberId,
        language::Language,
        text::Slug,
        time::Instant,
        violation::RuleViolation,
    },
    store::{self, Failure, Tx},
};
use serde::Deserialize;
use utoipa::ToSchema;

/// When a member works and is away, as a whole: what is left out is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAvailability {
    /// The zone in which they work.
    pub zone: Zone,
    /// The calendar of their working days.
    #[schema(value_type = Slug)]
    pub calendar: Slug,
    /// When their working day begins.
    pub works_from: TimeOfDay,
    /// When it ends.
    #[schema(example = "18:00")]
    pub works_until: TimeOfDay,
    /// The language in which they are written to.
    pub language: Language,
    /// Since when they are away.
    #[serde(default)]
    #[schema(nullable = false)]
    pub away_from: Option<Instant>,
    /// Until when; for an open end when absent.
    #[serde(default)]
    #[schema(nullable = false)]
    pub away_until: Option<Instant>,
    /// Who gets their reminders meanwhile.
    #[serde(default)]
    #[schema(nullable = false)]
    pub stand_in_id: Option<MemberId>,
}

impl NewAvailability {
    /// The availability after it was replaced.
    fn over(self, before: &Availability, content: &Content) -> Result<Availability, Failure> {
        let refuse = |field: &'static str, rule: FieldRule| Err(RuleViolation::field(field, rule).into());
        match () {
            () if !content.knows_calendar(&self.calendar) => refuse("/calendar", FieldRule::NotFound),
            () if self.works_until <= self.works_from => refuse("/works_until", FieldRule::TooEarly),
            () if self.away_until.is_some() && self.away_until <= self.away_from => refuse("/away_until", FieldRule::TooEarly),
            () if self.away_until.is_some() && self.away_from.is_none() => refuse("/away_from", FieldRule::Required),
            () if self.stand_in_id == Some(before.member_id) => refuse("/stand_in_id", FieldRule::NotAllowed),
            () => Ok(Availability {
                zone: self.zone,
                calendar: self.calendar.into(),
                works_from: self.works_from,
                works_until: self.works_until,
                language: self.language,
                away_from: self.away_from,
                away_until: self.away_until,
                stand_in_id: self.stand_in_id,
                ..before.clone()
            }),
        }
    }
}

/// Replaces the caller's own.
///
/// # Errors
/// When a field cannot be, or the caller has seen another version.
pub fn replace_mine(tx: &mut Tx<'_, WriteSelf>, seen: i64, new: NewAvailability) -> Result<Availability, Failure> {
    let content = tx.content()?;
    let before = store::availabilities::mine(tx)?;
    must_have_seen(Some(seen), before.version)?;
    let after = new.over(&before, &content)?;
    named_in_body(store::availabilities::save_mine(tx, &before, &after), "/stand_in_id")
}

/// Replaces a member's.
///
/// # Errors
/// When the member is not there, a field cannot be, or the caller has seen another version.
pub fn replace_of(tx: &mut Tx<'_, WriteMembers>, id: MemberId, seen: i64, new: NewAvailability) -> Result<Availability, Failure> {
    let content = tx.content()?;
    let before = store::availabilities::of_member(tx, id)?;
    must_have_seen(Some(seen), before.version)?;
    let after = new.over(&before, &content)?;
    named_in_body(store::availabilities::save_of_member(tx, &before, &after), "/stand_in_id")
}
