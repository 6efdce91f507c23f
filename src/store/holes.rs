//! Planted holes: guards that a test can take away one at a time, to see that the authorization matrix misses each of them.
//!
//! Only with the feature `planted-holes`, which the tests alone turn on. Without it every guard is a constant.

macro_rules! holes {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// A guard that can be taken away.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Hole {
            $($(#[$doc])* $name,)+
        }

        impl Hole {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

holes! {
    /// The role's permission is not asked for.
    Permission,
    /// The scopes of an API key are not asked for.
    KeyScopes,
    /// A revoked API key holds.
    KeyRevocation,
    /// An API key holds past its end.
    KeyEnd,
    /// An ended session holds.
    SessionRevocation,
    /// A session holds past its end.
    SessionEnd,
    /// A suspended member acts.
    Suspension,
    /// Narrow roles reach everything.
    Reach,
    /// A grant holds past its end.
    GrantEnd,
    /// A revoked grant holds.
    GrantRevocation,
    /// Any grant lets change.
    WriteCover,
    /// Any grant lets open identities.
    IdentityCover,
    /// The timeline shows everything to everybody who reads it.
    Visibility,
    /// Cases of all tenants.
    TenantOfCases,
    /// Shops of all tenants.
    TenantOfShops,
    /// A task of any tenant.
    TenantOfTask,
    /// A deadline of any tenant.
    TenantOfDeadline,
    /// A trigger of any tenant.
    TenantOfTrigger,
    /// Calendars and rules of all tenants.
    TenantOfRulebook,
    /// An entry of the register of deadlines of any tenant.
    TenantOfRegisterEntry,
    /// A complaint of any tenant.
    TenantOfComplaint,
    /// Members of all tenants, where a body names them.
    TenantOfNamedMembers,
    /// A playbook of any tenant.
    TenantOfPlaybook,
    /// A comment of any tenant.
    TenantOfComment,
    /// Comments of every visibility.
    CommentVisibility,
    /// Reminders of everybody, in all tenants.
    OwnerOfReminder,
    /// Channels of everybody, in all tenants.
    OwnerOfChannel,
    /// A cursor may be anybody's word.
    CursorSignature,
}

/// Which hole is open in one installation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Holes {
    #[cfg(feature = "planted-holes")]
    open: std::sync::Arc<std::sync::atomic::AtomicU8>,
}

#[cfg(not(feature = "planted-holes"))]
impl Holes {
    /// Never.
    pub(crate) const fn open(&self, _: Hole) -> bool {
        false
    }
}

#[cfg(feature = "planted-holes")]
impl Holes {
    /// Whether this one is open.
    pub(crate) fn open(&self, hole: Hole) -> bool {
        self.open.load(std::sync::atomic::Ordering::Relaxed) == hole as u8 + 1
    }

    /// Opens one hole and closes every other.
    pub(crate) fn plant(&self, hole: Option<Hole>) {
        self.open.store(hole.map_or(0, |hole| hole as u8 + 1), std::sync::atomic::Ordering::Relaxed);
    }
}
