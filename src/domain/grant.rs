//! A member's access to one shop or one case.

use super::{
    ids::{CaseId, GrantId, MemberId, ShopId},
    time::Instant,
    vocabulary::vocabulary,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// What a grant covers beyond reading, always within the member's role.
    Cover {
        /// Changing what the role may change.
        Write = "write",
        /// Opening the reporter's sealed identity.
        Identity = "identity",
    }
}

/// A member's access to one shop (with its cases) or one case (with its shop's name).
#[derive(Debug, Clone, Serialize)]
pub struct Grant {
    /// Its id.
    pub id: GrantId,
    /// To whom.
    pub member_id: MemberId,
    /// To which shop.
    pub shop_id: Option<ShopId>,
    /// To which case.
    pub case_id: Option<CaseId>,
    /// What it covers beyond reading.
    pub covers: Vec<Cover>,
    /// Until when.
    pub ends_at: Option<Instant>,
    /// When it was ended early.
    pub revoked_at: Option<Instant>,
    /// By whom it was given.
    pub granted_by: MemberId,
    /// When it was given.
    pub created_at: Instant,
    /// Rises with every change.
    pub version: i64,
}
