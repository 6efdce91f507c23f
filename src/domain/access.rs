//! Who may do what: the one policy table.
//!
//! Each permission is a type, so that a store function names the permission that it needs in its signature and a handler with a lesser one does
//! not compile. The same table drives the scopes of API keys, the OpenAPI document and the authorization tests.

use super::vocabulary::vocabulary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// What a member is to the tenant.
    Role {
        /// Answers for the tenant.
        Owner = "owner",
        /// Runs the work of everybody.
        Manager = "manager",
        /// Works cases.
        Handler = "handler",
        /// Outside counsel: sees only what was granted.
        Counsel = "counsel",
        /// The merchant's own people: see only what was granted.
        Client = "client",
        /// Reads everything but privileged notes, changes nothing.
        Auditor = "auditor",
    }
}

impl Role {
    /// Whether the role reaches only the shops and cases that were granted to the member.
    #[must_use]
    pub const fn needs_grant(self) -> bool {
        matches!(self, Self::Counsel | Self::Client)
    }

    /// Whether the policy table gives the role this capability.
    #[must_use]
    pub fn may(self, capability: Capability) -> bool {
        capability.roles().contains(&self)
    }
}

/// A permission as a type. Implemented only by the table below.
pub trait Permission: Send + Sync + 'static {
    /// The same permission as a value.
    const CAPABILITY: Capability;
    /// Whether operations under it run on the writer; a read that goes on the record writes too.
    const WRITES: bool;
}

/// `Self` allows all that `Q` allows.
pub trait Includes<Q>: Permission {}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $scope:literal, writes $writes:literal, roles [$($role:ident),+], includes [$($included:ident),*];)+) => {
        vocabulary! {
            /// A permission as a value; its word is the scope of tokens and API keys.
            Capability { $($(#[$doc])* $name = $scope,)+ }
        }

        impl Capability {
            /// The roles that hold it.
            #[must_use]
            pub const fn roles(self) -> &'static [Role] {
                match self { $(Self::$name => &[$(Role::$role),+],)+ }
            }

            /// What else it allows.
            #[must_use]
            pub const fn included(self) -> &'static [Self] {
                match self { $(Self::$name => &[$(Self::$included),*],)+ }
            }

            /// Whether operations under it change something or go on the record.
            #[must_use]
            pub const fn writes(self) -> bool {
                match self { $(Self::$name => $writes,)+ }
            }
        }

        $(
            $(#[$doc])*
            pub struct $name;
            impl Permission for $name {
                const CAPABILITY: Capability = Capability::$name;
                const WRITES: bool = $writes;
            }
            impl Includes<$name> for $name {}
            $(impl Includes<$included> for $name {})*
        )+
    };
}

permissions! {
    /// See who one is.
    ReadSelf = "self:read", writes false, roles [Owner, Manager, Handler, Counsel, Client, Auditor], includes [];
    /// Log out, change one's password.
    WriteSelf = "self:write", writes true, roles [Owner, Manager, Handler, Counsel, Client, Auditor], includes [ReadSelf];
    /// See the members of the tenant.
    ReadMembers = "member:read", writes false, roles [Owner, Manager, Handler, Auditor], includes [];
    /// Invite members, change their roles, suspend them.
    WriteMembers = "member:write", writes true, roles [Owner, Manager], includes [ReadMembers];
    /// See who was granted what.
    ReadGrants = "grant:read", writes false, roles [Owner, Manager, Handler, Auditor], includes [];
    /// Grant access to shops and cases, and end it.
    WriteGrants = "grant:write", writes true, roles [Owner, Manager], includes [ReadGrants, ReadMembers, ReadShops, ReadCases];
    /// See the API keys, never their secrets.
    ReadApiKeys = "api_key:read", writes false, roles [Owner, Manager, Auditor], includes [];
    /// Make and revoke API keys.
    WriteApiKeys = "api_key:write", writes true, roles [Owner, Manager], includes [ReadApiKeys];
    /// See shops.
    ReadShops = "shop:read", writes false, roles [Owner, Manager, Handler, Counsel, Client, Auditor], includes [];
    /// Register and change shops.
    WriteShops = "shop:write", writes true, roles [Owner, Manager, Handler], includes [ReadShops];
    /// See cases and what belongs to them.
    ReadCases = "case:read", writes false, roles [Owner, Manager, Handler, Counsel, Client, Auditor], includes [ReadShops];
    /// See the playbooks, and what another playbook or branch would change in a case.
    ReadPlaybooks = "playbook:read", writes false, roles [Owner, Manager, Handler, Auditor], includes [ReadCases, ReadShops];
    /// Make, change and publish playbooks.
    WritePlaybooks = "playbook:write", writes true, roles [Owner, Manager], includes [ReadPlaybooks, ReadCases, ReadShops];
    /// Make calendars, deadline rules and ladders of reminders of the tenant's own, and let open deadlines follow them.
    WriteRules = "rule:write", writes true, roles [Owner, Manager], includes [WriteCases, WorkTasks, ReadCases, ReadShops];
    /// See the register of deadlines.
    ReadRegister = "register:read", writes false, roles [Owner, Manager, Handler, Auditor], includes [];
    /// Check what others have entered into the register of deadlines.
    CheckRegister = "register:check", writes true, roles [Owner, Manager, Handler], includes [ReadRegister];
    /// Take days of the register of deadlines out as signed files, on the record.
    ExportRegister = "register:export", writes true, roles [Owner, Manager], includes [ReadRegister];
    /// Do tasks, and comment on them and on cases.
    WorkTasks = "task:work", writes true, roles [Owner, Manager, Handler, Counsel, Client], includes [ReadCases, ReadShops];
    /// Change cases and what belongs to them.
    WriteCases = "case:write", writes true, roles [Owner, Manager, Handler, Counsel], includes [WorkTasks, ReadCases, ReadShops];
    /// Open cases, and move them from one playbook to another.
    OpenCases = "case:open", writes true, roles [Owner, Manager, Handler], includes [WriteCases, WorkTasks, ReadCases, ReadShops, ReadMembers, ReadPlaybooks];
    /// Close and reopen cases.
    CloseCases = "case:close", writes true, roles [Owner, Manager, Handler], includes [WriteCases, WorkTasks, ReadCases, ReadShops];
    /// Hand one member's work over to another.
    HandOver = "member:hand_over", writes true, roles [Owner, Manager], includes [ReadMembers];
    /// Pass a shut gate, with a reason, on the record.
    OverrideGates = "gate:override", writes true, roles [Owner, Manager], includes [];
    /// Open a reporter's sealed identity, with a reason, on the record.
    OpenIdentity = "identity:open", writes true, roles [Owner, Manager, Counsel], includes [ReadCases, ReadShops];
}

/// Whether scopes of a key allow the capability, directly or through one that includes it.
#[must_use]
pub fn scopes_allow(scopes: &[Capability], wanted: Capability) -> bool {
    scopes.iter().any(|scope| *scope == wanted || scope.included().contains(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_permission_includes_is_closed_and_never_wider_in_roles() {
        for outer in Capability::ALL {
            for inner in outer.included() {
                for role in outer.roles() {
                    assert!(role.may(*inner), "{role} has {outer} but not the included {inner}");
                }
                for further in inner.included() {
                    assert!(outer.included().contains(further), "{outer} includes {inner}, which includes {further}");
                }
                assert!(outer.writes() || !inner.writes(), "{outer} only reads but includes {inner}");
            }
        }
    }

    #[test]
    fn auditors_change_nothing_but_themselves() {
        for capability in Capability::ALL.iter().filter(|c| c.writes() && **c != Capability::WriteSelf) {
            assert!(!Role::Auditor.may(*capability), "{capability}");
        }
    }
}
