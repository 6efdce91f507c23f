//! A day of the register of deadlines as a file that proves itself: CSV (RFC 4180) in UTF-8 with a byte order mark, whose last row is a signature.
//!
//! The first row names the fields. The last one has as many cells, of which the first is `signature` and the others are, as far as they are not empty:
//! `alg=Ed25519`, `kid=` and `x=` (the key, RFC 7638 and RFC 8037), `tenant_id=`, `day=`, `part=` and `parts=`, `complete=`, `rows=`, `sha256=` (of all
//! bytes before that row, in hexadecimal) and `signature=` (base64url). Signed are the bytes `rejoinder deadline register v1`, a line feed, and that row
//! up to the comma before `signature=`, so nothing in the file can change without being noticed.
//!
//! The file tells only what was so when its entries were made, and neither by whom nor when it was exported: two exports of a day that is over are the
//! same, byte for byte.

use super::{ids::TenantId, journal::hex, public_key::PublicKey, register::RegisterEntry, time::Day};
use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use std::fmt::Display;

/// The media type, with what it says of the file.
pub const MEDIA_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// Lets spreadsheets see that it is UTF-8.
const MARK: &str = "\u{feff}";
const LINE_END: &str = "\r\n";
const CONTEXT: &str = "rejoinder deadline register v1\n";

/// The first row.
const FIELDS: [&str; 23] = [
    "id",
    "day",
    "at",
    "change",
    "case_id",
    "case_number",
    "deadline_id",
    "rule_id",
    "title_zh",
    "title_en",
    "owed_by",
    "statutory",
    "due_on",
    "due_at",
    "previous_due_at",
    "actor_kind",
    "actor_id",
    "member_id",
    "member_name",
    "note",
    "needs_check",
    "checks_id",
    "correct",
];

/// What the file is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// Whose register.
    pub tenant_id: TenantId,
    /// Which day.
    pub day: Day,
    /// Which part of that day, from 1 on.
    pub part: i64,
    /// Of how many.
    pub parts: i64,
    /// Whether the day was over, so that nothing can be added to it any more.
    pub complete: bool,
}

/// A file with its signature.
#[derive(Debug, Clone)]
pub struct SignedFile {
    /// The whole file.
    pub bytes: Vec<u8>,
    /// What it is of.
    pub covered: Covered,
    /// How many entries it holds.
    pub rows: u64,
    /// The hash that is signed: of all bytes before the signature's row, in hexadecimal.
    pub sha256: String,
    /// The id of the key.
    pub key_id: String,
}

/// A file that is being written.
pub struct RegisterFile {
    rows: csv::Writer<Vec<u8>>,
    count: u64,
}

/// A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection"). Without the apostrophe before it, it is what it was.
fn cell(value: impl Display) -> String {
    let value = value.to_string();
    let risky = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];
    if value.starts_with(risky) { format!("'{value}") } else { value }
}

fn known<T: Display>(value: Option<T>) -> String {
    value.map(cell).unwrap_or_default()
}

impl RegisterFile {
    /// A file with nothing but its first row.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn begin() -> Result<Self, csv::Error> {
        let mut rows = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(MARK.as_bytes().to_vec());
        rows.write_record(FIELDS)?;
        Ok(Self { rows, count: 0 })
    }

    /// Adds an entry; they come in the order of their ids.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn add(&mut self, entry: &RegisterEntry) -> Result<(), csv::Error> {
        self.count += 1;
        self.rows.write_record([
            cell(entry.id),
            cell(entry.day),
            cell(entry.at),
            cell(entry.change),
            cell(entry.case_id),
            cell(&entry.case_number),
            cell(entry.deadline_id),
            known(entry.rule_id.as_ref()),
            cell(&entry.title.zh),
            cell(&entry.title.en),
            cell(entry.owed_by),
            cell(entry.statutory),
            cell(entry.due_on),
            cell(entry.due_at),
            known(entry.previous_due_at),
            cell(entry.actor_kind),
            known(entry.actor_id),
            known(entry.member_id),
            known(entry.member_name.as_ref()),
            known(entry.note.as_ref()),
            cell(entry.needs_check()),
            known(entry.checks_id),
            known(entry.correct),
        ])
    }

    /// Closes the file with its signature.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn sign(self, covered: Covered, key: PublicKey, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<SignedFile, csv::Error> {
        let mut bytes = self.rows.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
        let (sha256, key_id) = (hex(digest(&SHA256, &bytes).as_ref()), key.id());
        let signed = Statement { covered, rows: self.count, sha256: sha256.clone(), key }.text();
        let signature = URL_SAFE_NO_PAD.encode(sign(format!("{CONTEXT}{signed}").as_bytes()));
        let rest = ",".repeat(FIELDS.len() - CELLS);
        bytes.extend_from_slice(format!("{signed},signature={signature}{rest}{LINE_END}").as_bytes());
        Ok(SignedFile { bytes, covered, rows: self.count, sha256, key_id })
    }
}

/// What a signature's row states.
struct Statement {
    covered: Covered,
    rows: u64,
    sha256: String,
    key: PublicKey,
}

/// The cells of a signature's row that are not empty.
const CELLS: usize = 12;

impl Statement {
    fn text(&self) -> String {
        let Self { covered: Covered { tenant_id, day, part, parts, complete }, rows, sha256, key } = self;
        let (kid, x) = (key.id(), key.x());
        format!(
            "signature,alg=Ed25519,kid={kid},x={x},tenant_id={tenant_id},day={day},part={part},parts={parts},complete={complete},rows={rows},sha256={sha256}"
        )
    }

    /// Reads a row; none unless it is just as [`Self::text`] would write it.
    fn read(text: &str) -> Option<Self> {
        let mut cells = text.split(',').skip(2);
        let mut next = |name: &str| cells.next()?.strip_prefix(name)?.strip_prefix('=');
        next("kid")?;
        let statement = Self {
            key: next("x")?.parse().ok()?,
            covered: Covered {
                tenant_id: next("tenant_id")?.parse().ok()?,
                day: next("day")?.parse().ok()?,
                part: next("part")?.parse().ok()?,
                parts: next("parts")?.parse().ok()?,
                complete: next("complete")?.parse().ok()?,
            },
            rows: next("rows")?.parse().ok()?,
            sha256: next("sha256")?.to_owned(),
        };
        (statement.text() == text).then_some(statement)
    }
}

/// What a whole file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it is of.
    pub covered: Covered,
    /// How many entries it holds.
    pub rows: u64,
    /// The key that signed it.
    pub key: PublicKey,
}

/// Why a file is not what was exported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not begin as such a file does.
    #[error("it does not begin like an export of the register of deadlines")]
    OtherFile,
    /// There is no signature.
    #[error("it has no signature: it was cut off, or its last row was taken away")]
    Unsigned,
    /// The end of the signature's row is missing.
    #[error("it is cut off within its last row")]
    CutOff,
    /// There is something behind the signature.
    #[error("something was added behind its signature")]
    GoesOn,
    /// The signature's row is none that an export has.
    #[error("its last row was changed")]
    Garbled,
    /// The key is none of those that are trusted.
    #[error("it is signed with the key {0}, which is none of those given")]
    UnknownKey(String),
    /// The signature does not hold.
    #[error("its signature does not hold: its last row was changed, or somebody else signed it")]
    Forged,
    /// Entries were taken away.
    #[error("it was changed: {found} entries of the {signed} that were signed are left")]
    Missing {
        /// How many there are.
        found: u64,
        /// How many there were.
        signed: u64,
    },
    /// Entries were added.
    #[error("it was changed: it has {found} entries, and {signed} were signed")]
    Added {
        /// How many there are.
        found: u64,
        /// How many there were.
        signed: u64,
    },
    /// Entries changed places.
    #[error("it was changed: its entries stand in another order")]
    Reordered,
    /// Anything else is different.
    #[error("it was changed: its entries are not those that were signed")]
    Changed,
}

/// Whether a file is what was exported. `trusted` are the keys of which one must have signed it; none when the key that it names itself is to do.
///
/// # Errors
/// With the fault.
pub fn verify(bytes: &[u8], trusted: &[PublicKey]) -> Result<Verified, Fault> {
    let first = format!("{MARK}{}{LINE_END}", FIELDS.join(","));
    if !bytes.starts_with(first.as_bytes()) {
        return Err(Fault::OtherFile);
    }
    let begins = b"\r\nsignature,";
    let at = bytes.windows(begins.len()).rposition(|window| window == begins).ok_or(Fault::Unsigned)? + LINE_END.len();
    let (content, last) = bytes.split_at(at);
    let last = std::str::from_utf8(last).map_err(|_| Fault::Garbled)?;
    let (row, behind) = last.split_once(LINE_END).ok_or(Fault::CutOff)?;
    if !behind.is_empty() {
        return Err(Fault::GoesOn);
    }
    let row = row.strip_suffix(&",".repeat(FIELDS.len() - CELLS)).ok_or(Fault::Garbled)?;
    let (signed, signature) = row.split_once(",signature=").ok_or(Fault::Garbled)?;
    let Statement { covered, rows, sha256, key } = Statement::read(signed).ok_or(Fault::Garbled)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Fault::Garbled)?;
    if !(trusted.is_empty() || trusted.contains(&key)) {
        return Err(Fault::UnknownKey(key.id()));
    }
    if !key.has_signed(format!("{CONTEXT}{signed}").as_bytes(), &signature) {
        return Err(Fault::Forged);
    }
    if hex(digest(&SHA256, content).as_ref()) == sha256 { Ok(Verified { covered, rows, key }) } else { Err(difference(content, rows)) }
}

/// In what a content differs from the one that was signed, as far as it shows.
fn difference(content: &[u8], signed: u64) -> Fault {
    let rows: Vec<csv::ByteRecord> = csv::ReaderBuilder::new().flexible(true).from_reader(content).into_byte_records().flatten().collect();
    let found = u64::try_from(rows.len()).unwrap_or(u64::MAX);
    let rises = rows.windows(2).all(|pair| matches!(pair, [one, next] if one.get(0) < next.get(0)));
    match found.cmp(&signed) {
        std::cmp::Ordering::Less => Fault::Missing { found, signed },
        std::cmp::Ordering::Greater => Fault::Added { found, signed },
        std::cmp::Ordering::Equal if rises => Fault::Changed,
        std::cmp::Ordering::Equal => Fault::Reordered,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_like_a_formula() {
        for (value, shown) in [
            ("=1+1", "'=1+1"),
            ("+86", "'+86"),
            ("-", "'-"),
            ("@x", "'@x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("＝x", "'＝x"),
            ("'x", "''x"),
            ("x=1", "x=1"),
            ("", ""),
        ] {
            assert_eq!(cell(value), shown);
        }
    }

    #[test]
    fn a_statement_is_read_only_as_it_was_written() {
        let covered =
            Covered { tenant_id: uuid::Uuid::from_u128(7).into(), day: "2026-11-22".parse().unwrap(), part: 1, parts: 1, complete: true };
        let key = PublicKey::of(&[9; 32]).unwrap();
        let text = Statement { covered, rows: 12, sha256: "00".into(), key }.text();
        assert_eq!(text.split(',').count() + 1, CELLS);
        assert_eq!(Statement::read(&text).unwrap().covered, covered);
        for (from, to) in
            [("rows=12", "rows=012"), ("complete=true", "complete=yes"), ("Ed25519", "none"), ("signature", "Signature"), ("kid=", "kid=x")]
        {
            assert!(Statement::read(&text.replace(from, to)).is_none(), "{to}");
        }
        assert!(Statement::read(&format!("{text},rows=13")).is_none());
    }
}
