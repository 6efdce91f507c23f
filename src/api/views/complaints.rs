//! Complaints and allegations on the wire.

use crate::domain::{
    complaint::{Allegation, Complaint, Conclusion, Money},
    ids::{AllegationId, CaseId, ComplaintId, MemberId},
    time::{Day, Instant},
    vocabulary::{AllegationKind, AllegationOutcome, Channel, ComplaintKind, ConclusionResult, Confidence, ReporterType},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A complaint.
#[derive(Serialize, ToSchema)]
#[schema(as = Complaint)]
pub(in crate::api) struct ComplaintView {
    id: ComplaintId,
    case_id: CaseId,
    channel: Channel,
    kind: ComplaintKind,
    received_at: Instant,
    #[schema(required, example = "DY20261118-7781")]
    reference_no: Option<String>,
    #[schema(required, example = "抖音电商 商家规则中心")]
    authority: Option<String>,
    #[schema(required, example = "平台认定近 90 天内 120 单涉嫌虚假交易，7 天内可申诉。")]
    summary: Option<String>,
    reporter: ReporterView,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// Who is behind a complaint, as a class.
#[derive(Serialize, ToSchema)]
#[schema(as = Reporter)]
pub(in crate::api) struct ReporterView {
    r#type: ReporterType,
    #[schema(required)]
    confidence: Option<Confidence>,
    #[schema(required, example = "通知由平台规则中心发出，未提及任何举报人")]
    basis: Option<String>,
    /// Whether an identity is kept, sealed.
    has_identity: bool,
}

impl From<Complaint> for ComplaintView {
    fn from(complaint: Complaint) -> Self {
        Self {
            id: complaint.id,
            case_id: complaint.case_id,
            channel: complaint.channel,
            kind: complaint.kind,
            received_at: complaint.received_at,
            reference_no: complaint.reference_no,
            authority: complaint.authority,
            summary: complaint.summary,
            reporter: ReporterView {
                r#type: complaint.reporter.r#type,
                confidence: complaint.reporter.confidence,
                basis: complaint.reporter.basis,
                has_identity: complaint.sealed_identity.is_some(),
            },
            version: complaint.version,
            created_at: complaint.created_at,
            updated_at: complaint.updated_at,
        }
    }
}

/// A complaint with the allegations that came with it.
#[derive(Serialize, ToSchema)]
#[schema(as = AddedComplaint)]
pub(in crate::api) struct AddedComplaintView {
    pub(in crate::api) complaint: ComplaintView,
    pub(in crate::api) allegations: Vec<AllegationView>,
}

/// An allegation.
#[derive(Serialize, ToSchema)]
#[schema(as = Allegation)]
pub(in crate::api) struct AllegationView {
    id: AllegationId,
    case_id: CaseId,
    complaint_id: ComplaintId,
    kind: AllegationKind,
    #[schema(example = "近 90 天内 120 单涉嫌虚假交易")]
    description: String,
    #[schema(required)]
    period_from: Option<Day>,
    #[schema(required)]
    period_to: Option<Day>,
    #[schema(example = json!(["6920471183350612", "6920471183350787"]))]
    order_nos: Vec<String>,
    #[schema(required, example = 120)]
    order_count: Option<i32>,
    #[schema(required)]
    amount: Option<Money>,
    #[schema(required, example = "【虚假交易】处置细则")]
    legal_basis: Option<String>,
    #[schema(required)]
    conclusion: Option<ConclusionView>,
    #[schema(required)]
    outcome: Option<AllegationOutcome>,
    #[schema(required, example = "平台复核后维持 14 单的认定")]
    outcome_reason: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

/// What a person concluded from the self-check.
#[derive(Serialize, ToSchema)]
#[schema(as = Conclusion)]
pub(in crate::api) struct ConclusionView {
    result: ConclusionResult,
    #[schema(required, example = 14)]
    confirmed_orders: Option<i32>,
    #[schema(example = "14 单为员工自买，物流为空包；其余 106 单有真实签收记录")]
    basis: String,
    concluded_by: MemberId,
    concluded_at: Instant,
}

impl From<Conclusion> for ConclusionView {
    fn from(conclusion: Conclusion) -> Self {
        Self {
            result: conclusion.result,
            confirmed_orders: conclusion.confirmed_orders,
            basis: conclusion.basis,
            concluded_by: conclusion.concluded_by,
            concluded_at: conclusion.concluded_at,
        }
    }
}

impl From<Allegation> for AllegationView {
    fn from(allegation: Allegation) -> Self {
        Self {
            id: allegation.id,
            case_id: allegation.case_id,
            complaint_id: allegation.complaint_id,
            kind: allegation.kind,
            description: allegation.description,
            period_from: allegation.period_from,
            period_to: allegation.period_to,
            order_nos: allegation.order_nos,
            order_count: allegation.order_count,
            amount: allegation.amount,
            legal_basis: allegation.legal_basis,
            conclusion: allegation.conclusion.map(ConclusionView::from),
            outcome: allegation.outcome,
            outcome_reason: allegation.outcome_reason,
            version: allegation.version,
            created_at: allegation.created_at,
            updated_at: allegation.updated_at,
        }
    }
}
