//! Members, invitations, grants, keys and sessions on the wire.

use crate::{
    domain::{
        access::{Capability, Role},
        grant::{Cover, Grant},
        ids::{ApiKeyId, CaseId, GrantId, InvitationId, MemberId, PersonId, ShopId, TenantId},
        member::{Invitation, Member, MemberStatus},
        text::Email,
        time::Instant,
    },
    store::records::{ApiKey, HeldGrant, Me},
    usecases::hand_overs::HandedOver,
};
use serde::Serialize;
use utoipa::ToSchema;

/// The caller.
#[derive(Serialize, ToSchema)]
#[schema(as = Me)]
pub(in crate::api) struct MeView {
    /// The membership.
    member: MemberView,
    /// The tenant that is logged in to.
    tenant: TenantView,
    /// What the caller may do, as scopes.
    permissions: Vec<Capability>,
    /// Whether the role reaches only what was granted.
    needs_grant: bool,
    /// Whether the password is still the one that was handed out, and should be changed.
    password_is_initial: bool,
}

impl MeView {
    pub(in crate::api) fn new(me: Me, permissions: Vec<Capability>) -> Self {
        Self {
            needs_grant: me.member.role.needs_grant(),
            tenant: TenantView { id: me.tenant_id, name: me.tenant_name },
            password_is_initial: me.password_is_initial,
            member: me.member.into(),
            permissions,
        }
    }
}

/// A tenant.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(in crate::api) struct TenantView {
    pub(in crate::api) id: TenantId,
    /// Its name.
    #[schema(example = "晨曦电商合规服务")]
    pub(in crate::api) name: String,
}

/// A membership.
#[derive(Serialize, ToSchema)]
#[schema(as = Member)]
pub(in crate::api) struct MemberView {
    id: MemberId,
    person_id: PersonId,
    /// The person's name.
    #[schema(example = "李蕾")]
    name: String,
    /// The person's address.
    #[schema(value_type = Email)]
    email: String,
    role: Role,
    status: MemberStatus,
    /// Rises with every change; also the `ETag`.
    version: i64,
    created_at: Instant,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self {
            id: member.id,
            person_id: member.person_id,
            name: member.name,
            email: member.email,
            role: member.role,
            status: member.status,
            version: member.version,
            created_at: member.created_at,
        }
    }
}

/// An invitation.
#[derive(Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(in crate::api) struct InvitationView {
    id: InvitationId,
    /// Whom it invites.
    #[schema(value_type = Email)]
    email: String,
    role: Role,
    invited_by: MemberId,
    created_at: Instant,
    expires_at: Instant,
    #[schema(required)]
    accepted_at: Option<Instant>,
    #[schema(required)]
    revoked_at: Option<Instant>,
    /// The link to hand over; only in the answer that made the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "https://cases.example/invitation#rji_AZoexyZ9cX2Sk4mQ")]
    link: Option<String>,
    /// The secret within the link; only in the answer that made the invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "rji_AZoexyZ9cX2Sk4mQ")]
    token: Option<String>,
}

impl InvitationView {
    pub(in crate::api) fn new(invitation: Invitation, secret: Option<(String, &str)>) -> Self {
        let (token, link) = secret.map(|(token, url)| (token.clone(), format!("{url}/invitation#{token}"))).unzip();
        Self {
            id: invitation.id,
            email: invitation.email,
            role: invitation.role,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            accepted_at: invitation.accepted_at,
            revoked_at: invitation.revoked_at,
            link,
            token,
        }
    }
}

/// A member's access to one shop or one case.
#[derive(Serialize, ToSchema)]
#[schema(as = Grant)]
pub(in crate::api) struct GrantView {
    id: GrantId,
    member_id: MemberId,
    #[schema(required)]
    shop_id: Option<ShopId>,
    #[schema(required)]
    case_id: Option<CaseId>,
    /// What it covers beyond reading.
    covers: Vec<Cover>,
    #[schema(required)]
    ends_at: Option<Instant>,
    #[schema(required)]
    revoked_at: Option<Instant>,
    granted_by: MemberId,
    version: i64,
    created_at: Instant,
}

impl From<Grant> for GrantView {
    fn from(grant: Grant) -> Self {
        Self {
            id: grant.id,
            member_id: grant.member_id,
            shop_id: grant.shop_id,
            case_id: grant.case_id,
            covers: grant.covers,
            ends_at: grant.ends_at,
            revoked_at: grant.revoked_at,
            granted_by: grant.granted_by,
            version: grant.version,
            created_at: grant.created_at,
        }
    }
}

/// A grant that reaches a case, by itself or by its shop.
#[derive(Serialize, ToSchema)]
#[schema(as = CaseGrant)]
pub(in crate::api) struct CaseGrantView {
    id: GrantId,
    member_id: MemberId,
    /// Whose access it is.
    #[schema(example = "陈律师")]
    member_name: String,
    member_role: Role,
    /// The shop that was granted with all its cases; null when it is this case alone.
    #[schema(required)]
    shop_id: Option<ShopId>,
    /// What it covers beyond reading.
    covers: Vec<Cover>,
    #[schema(required)]
    ends_at: Option<Instant>,
    #[schema(required)]
    revoked_at: Option<Instant>,
    granted_by: MemberId,
    created_at: Instant,
}

impl From<HeldGrant> for CaseGrantView {
    fn from(HeldGrant { grant, member_name, member_role }: HeldGrant) -> Self {
        Self {
            id: grant.id,
            member_id: grant.member_id,
            member_name,
            member_role,
            shop_id: grant.shop_id,
            covers: grant.covers,
            ends_at: grant.ends_at,
            revoked_at: grant.revoked_at,
            granted_by: grant.granted_by,
            created_at: grant.created_at,
        }
    }
}

/// What was handed over.
#[derive(Serialize, ToSchema)]
#[schema(as = HandOver)]
pub(in crate::api) struct HandOverView {
    /// The cases in which something changed hands.
    #[schema(example = 12)]
    cases: usize,
    /// The tasks that did.
    #[schema(example = 31)]
    tasks: usize,
    /// Whether there is more: ask again until there is not.
    has_more: bool,
}

impl From<HandedOver> for HandOverView {
    fn from(HandedOver { cases, tasks, has_more }: HandedOver) -> Self {
        Self { cases, tasks, has_more }
    }
}

/// An API key.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(in crate::api) struct ApiKeyView {
    id: ApiKeyId,
    /// The member as whom it acts.
    member_id: MemberId,
    #[schema(example = "ERP, nightly import")]
    name: String,
    /// The end of the key, to tell it from others.
    #[schema(example = "wxyz")]
    last_four: String,
    scopes: Vec<Capability>,
    created_at: Instant,
    #[schema(required)]
    expires_at: Option<Instant>,
    #[schema(required)]
    revoked_at: Option<Instant>,
    /// When it was last used, to the minute.
    #[schema(required)]
    last_used_at: Option<Instant>,
    /// The key itself; only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "rjk_0123456789ABCDEFGHIJKLMNOPQRSTUVwxyz")]
    key: Option<String>,
}

impl ApiKeyView {
    pub(in crate::api) fn new(api_key: ApiKey, key: Option<String>) -> Self {
        Self {
            id: api_key.id,
            member_id: api_key.member_id,
            name: api_key.name,
            last_four: api_key.last_four,
            scopes: api_key.scopes,
            created_at: api_key.created_at,
            expires_at: api_key.expires_at,
            revoked_at: api_key.revoked_at,
            last_used_at: api_key.last_used_at,
            key,
        }
    }
}

/// A session: an access token for ten minutes and a refresh token for the next one.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(in crate::api) struct SessionView {
    /// To send as `Authorization: Bearer ...`.
    #[schema(example = "eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln")]
    pub(in crate::api) access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    pub(in crate::api) token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 600)]
    pub(in crate::api) expires_in: i64,
    /// Good once, for the next access token.
    #[schema(example = "rjr_AZoexyZ9cX2Sk4mQ")]
    pub(in crate::api) refresh_token: String,
    pub(in crate::api) tenant: TenantView,
    pub(in crate::api) member_id: MemberId,
    pub(in crate::api) role: Role,
}
