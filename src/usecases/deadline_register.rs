//! Checking what others have entered into the register of deadlines, and taking days of it out as signed files.

use crate::{
    domain::{
        access::{Capability, CheckRegister, ExportRegister, ReadRegister},
        ids::RegisterEntryId,
        period::end_of_day,
        register::RegisterEntry,
        register_file::{Covered, RegisterFile, SignedFile},
        text::Prose,
        time::{Day, Instant},
        violation::RuleViolation,
    },
    limits::{PAGE, REGISTER_FILE, REGISTER_SETTLES},
    store::{
        self, Failure, StoreError, Tx,
        page::{Page, Position, Sort, SortKey},
        records::RegisterFilter,
    },
};
use serde::Deserialize;
use utoipa::ToSchema;

/// What a second person found on an entry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRegisterCheck {
    /// Whether rule, event and end are what they must be.
    pub correct: bool,
    /// What is wrong, or against what it was checked. Required when it is not correct.
    #[serde(default)]
    #[schema(nullable = false)]
    pub note: Option<Prose<2000>>,
}

/// Checks an entry. One that is not correct stays as it is, marked so; the deadline is then changed, which is an entry of its own.
///
/// # Errors
/// When it needs no check, is checked already, or the caller made it; without a note when it is not correct.
pub fn check(tx: &mut Tx<'_, CheckRegister>, id: RegisterEntryId, new: NewRegisterCheck) -> Result<RegisterEntry, Failure> {
    if !new.correct && new.note.is_none() {
        return Err(RuleViolation::ReasonRequired("/note").into());
    }
    let entry = store::deadline_register::find(tx, id)?;
    entry.may_be_checked_by(tx.scope().member())?;
    store::deadline_register::check(tx, &entry, new.correct, new.note.map(Into::into))?;
    Ok(store::deadline_register::find(tx, id)?.into_inner())
}

/// A day of the register as a signed file; today when none is named. It is put on the record by [`record_export`], before anybody is given it.
///
/// # Errors
/// When the caller may not take it out, or the day has fewer parts.
pub fn export(tx: &mut Tx<'_, ReadRegister>, on: Option<Day>, part: i64) -> Result<SignedFile, Failure> {
    tx.require(Capability::ExportRegister)?;
    let (ground, now) = (tx.ground(), tx.now());
    let zone = ground.content.calendar.zone();
    let day = on.unwrap_or_else(|| now.day_in(zone));
    // An entry has the day on which its transaction began. When every transaction of that day has ended, nothing is added any more.
    let complete = end_of_day(day.0, zone).is_ok_and(|end| Instant::new(end).plus_seconds(REGISTER_SETTLES) <= now);
    let parts = (store::deadline_register::count(tx, day)? + REGISTER_FILE - 1).div_euclid(REGISTER_FILE).max(1);
    if !(1..=parts).contains(&part) {
        return Err(StoreError::NotFound.into());
    }
    let failed = |error: csv::Error| StoreError::Broken(error.to_string());
    let mut file = RegisterFile::begin().map_err(failed)?;
    let mut last = match (part - 1) * REGISTER_FILE {
        0 => None,
        skipped => Some(store::deadline_register::at_place(tx, day, skipped - 1)?),
    };
    for _ in 0..REGISTER_FILE / PAGE {
        let entries = store::deadline_register::list(tx, page_of(day, last))?;
        let wanted = usize::try_from(PAGE).unwrap_or(usize::MAX);
        for entry in entries.iter().take(wanted) {
            file.add(entry).map_err(failed)?;
            last = Some(entry.id);
        }
        if entries.len() <= wanted {
            break;
        }
    }
    let covered = Covered { tenant_id: tx.scope().tenant(), day, part, parts, complete };
    let signed = file.sign(covered, ground.vault.register_key(), |message| ground.vault.sign_register(message));
    Ok(signed.map_err(failed)?)
}

/// The entries of a day after one of them.
fn page_of(day: Day, last: Option<RegisterEntryId>) -> Page<RegisterFilter> {
    Page {
        filter: RegisterFilter { day: Some(day), ..RegisterFilter::default() },
        sort: Sort { by: SortKey::Id, descending: false },
        after: last.map(|id| Position { at: Instant::from_microseconds(0), id: id.into() }),
        limit: PAGE,
    }
}

/// Puts on the record that a file is taken out.
///
/// # Errors
/// When the database fails; then nobody is given the file.
pub fn record_export(tx: &mut Tx<'_, ExportRegister>, file: &SignedFile) -> Result<(), Failure> {
    Ok(store::deadline_register::exported(tx, file)?)
}
