//! What came in: complaints, the points of their accusation, and who stands behind them.

use super::{
    field_rule::FieldRule,
    ids::{AllegationId, CaseId, ComplaintId, MemberId},
    time::{Day, Instant},
    vocabulary::{AllegationKind, AllegationOutcome, Channel, ComplaintKind, ConclusionResult, Confidence, ReporterType},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A complaint, report, finding or suit, with its own clock.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Complaint {
    /// Its id.
    pub id: ComplaintId,
    /// Its case.
    pub case_id: CaseId,
    /// Where it came in.
    pub channel: Channel,
    /// What it is.
    pub kind: ComplaintKind,
    /// When it reached the merchant.
    pub received_at: Instant,
    /// The other side's number for it.
    pub reference_no: Option<String>,
    /// The authority, platform department or court.
    pub authority: Option<String>,
    /// What it says.
    pub summary: Option<String>,
    /// Who is behind it, as a class.
    pub reporter: Reporter,
    /// The reporter's identity, sealed; never in the journal, in titles or in lists.
    #[serde(skip)]
    pub sealed_identity: Option<Vec<u8>>,
    /// Rises with every change.
    pub version: i64,
    /// When it was entered.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// The assessment of a reporter: a class with evidence, never an accusation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reporter {
    /// Which class.
    pub r#type: ReporterType,
    /// How sure that is.
    pub confidence: Option<Confidence>,
    /// On what it rests.
    pub basis: Option<String>,
}

impl Reporter {
    /// Whether the assessment is complete: a type (`unknown` is one), a confidence and a basis.
    #[must_use]
    pub fn is_assessed(&self) -> bool {
        self.confidence.is_some() && self.basis.is_some()
    }
}

/// The trigger that the arrival of a complaint is, if its kind and channel say so without a further fact.
#[must_use]
pub fn arrival_event(channel: Channel, kind: ComplaintKind) -> Option<&'static str> {
    match (channel, kind) {
        (Channel::Platform, ComplaintKind::PlatformFinding) => Some("platform_notice"),
        (Channel::Platform, ComplaintKind::Complaint) => Some("complaint_pushed"),
        (Channel::Court, ComplaintKind::Lawsuit) => Some("complaint_copy_received"),
        _ => None,
    }
}

/// One point of an accusation: the unit of proof.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Allegation {
    /// Its id.
    pub id: AllegationId,
    /// Its case.
    pub case_id: CaseId,
    /// The complaint that makes it.
    pub complaint_id: ComplaintId,
    /// What kind of wrong it alleges.
    pub kind: AllegationKind,
    /// What it says.
    pub description: String,
    /// First day of the period it concerns.
    pub period_from: Option<Day>,
    /// Last day of the period it concerns.
    pub period_to: Option<Day>,
    /// The orders it names.
    pub order_nos: Vec<String>,
    /// How many orders it counts, named or not.
    pub order_count: Option<i32>,
    /// The amount it names.
    pub amount: Option<Money>,
    /// The rule or article that it rests on.
    pub legal_basis: Option<String>,
    /// What the self-check found.
    pub conclusion: Option<Conclusion>,
    /// How it ended.
    pub outcome: Option<AllegationOutcome>,
    /// On what the outcome rests.
    pub outcome_reason: Option<String>,
    /// Rises with every change.
    pub version: i64,
    /// When it was entered.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// What a person concluded from the self-check. Adverse conclusions are kept like any other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conclusion {
    /// The result.
    pub result: ConclusionResult,
    /// How many orders are confirmed as alleged.
    pub confirmed_orders: Option<i32>,
    /// The facts that it rests on.
    pub basis: String,
    /// By whom.
    pub concluded_by: MemberId,
    /// When.
    pub concluded_at: Instant,
}

impl Conclusion {
    /// Whether a violation is confirmed, wholly or in part: then it must stop and be corrected.
    #[must_use]
    pub fn confirms_violation(&self) -> bool {
        matches!(self.result, ConclusionResult::Confirmed | ConclusionResult::PartlyConfirmed)
    }
}

/// An amount of money in minor units (cents, 分).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units; at most 2^53 - 1, so that every client reads it exactly.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 1_280_000)]
    #[serde(deserialize_with = "minor_units")]
    pub amount: i64,
    /// ISO 4217 code.
    pub currency: Currency,
}

fn minor_units<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let amount = i64::deserialize(deserializer)?;
    if (0..=9_007_199_254_740_991).contains(&amount) {
        Ok(amount)
    } else {
        Err(serde::de::Error::custom(FieldRule::OutOfRange.with("0–9007199254740991")))
    }
}

/// An ISO 4217 currency code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "CNY")]
pub struct Currency(String);

impl TryFrom<String> for Currency {
    type Error = String;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
            Ok(Self(code))
        } else {
            Err(FieldRule::Malformed.with("ISO 4217, e.g. CNY"))
        }
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.0
    }
}
