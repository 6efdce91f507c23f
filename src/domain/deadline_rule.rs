//! The rules that make deadlines: versioned, dated data with their sources. Which version holds is decided by the day of the trigger.

use super::{
    calendar::BUILT_IN_CALENDAR,
    field_rule::FieldRule,
    ids::{DeadlineRuleId, MemberId},
    language::Bilingual,
    period::Period,
    time::{Day, Instant},
    vocabulary::{Channel, OwedBy, PauseGround, Platform, SourceConfidence, Stage},
};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// A version of a rule that makes a deadline from a trigger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id, such as `SAMR-HEARING-REQ`; all versions share it, but for the built-in ones that end in `-OLD`.
    pub id: String,
    /// Which version among the tenant's own: 1, 2, 3; 0 when it is built in.
    pub number: i32,
    /// The id of the tenant's version; absent when it is built in.
    #[serde(skip)]
    pub version_id: Option<DeadlineRuleId>,
    /// Another rule for the same act: the one that ends first is scheduled, the others are shown.
    pub alternative_of: Option<String>,
    /// The stage of its deadlines.
    pub stage: Stage,
    /// Where it applies.
    pub applies_to: Vec<AppliesTo>,
    /// Its title.
    pub title: Bilingual,
    /// The trigger that starts it; `X.due` is the due date of rule X.
    pub trigger_event: String,
    /// Who owes the act.
    pub owed_by: OwedBy,
    /// How long it is; absent when the notice states it.
    pub period: Option<Period>,
    /// The calendar by which it counts.
    pub calendar: String,
    /// The times that are not counted.
    pub not_counted: Vec<PauseGround>,
    /// The rule whose deadline it extends, from that one's first due date.
    pub extends: Option<String>,
    /// Statute, regulation or platform text.
    pub source: String,
    /// First day of triggers that it governs.
    pub effective_from: Option<Day>,
    /// Last day of triggers that it governs.
    pub effective_to: Option<Day>,
    /// How well the source was read.
    pub confidence: SourceConfidence,
    /// What to know of it.
    pub note: String,
    /// Where sources contradict each other, in words.
    #[serde(default)]
    pub conflict: Option<Bilingual>,
}

/// A version of a rule as a tenant keeps it; it never changes, but can be withdrawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleRecord {
    /// What it says.
    #[serde(flatten)]
    pub rule: Rule,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
    /// Who made it.
    pub created_by: MemberId,
    /// When.
    pub created_at: Instant,
}

/// Where a rule applies: on the wire a channel, or `platform:` and the name of one platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AppliesTo {
    /// In cases with a complaint from this channel.
    Channel(Channel),
    /// In cases with a complaint from the platform, for shops on this one.
    Platform(Platform),
}

impl std::fmt::Display for AppliesTo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Channel(channel) => channel.fmt(f),
            Self::Platform(platform) => write!(f, "platform:{platform}"),
        }
    }
}

impl std::str::FromStr for AppliesTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some(("platform", platform)) => platform.parse().map(Self::Platform),
            Some(_) => Err(FieldRule::Malformed.with("platform:tmall")),
            None => text.parse().map(Self::Channel),
        }
    }
}

impl Serialize for AppliesTo {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AppliesTo {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl PartialSchema for AppliesTo {
    fn schema() -> RefOr<Schema> {
        let about = "Where a rule applies: a channel, or `platform:` with the name of one platform.";
        ObjectBuilder::new().schema_type(Type::String).description(Some(about)).examples(["regulator"]).into()
    }
}

impl ToSchema for AppliesTo {}

impl Rule {
    /// The id that all versions of the rule share.
    #[must_use]
    pub fn family(&self) -> &str {
        family_of(&self.id)
    }

    /// Whether the rule governs cases of these channels for shops on this platform.
    #[must_use]
    pub fn applies(&self, channels: &[Channel], platform: Platform) -> bool {
        self.applies_to.iter().any(|target| match target {
            AppliesTo::Channel(channel) => channels.contains(channel),
            AppliesTo::Platform(on) => channels.contains(&Channel::Platform) && *on == platform,
        })
    }

    /// Whether it governs triggers of this day.
    #[must_use]
    pub fn in_force(&self, day: Day) -> bool {
        self.effective_from.is_none_or(|from| from <= day) && self.effective_to.is_none_or(|to| day <= to)
    }

    /// Whether it rests on a statute, so that a second person checks what was entered under it.
    #[must_use]
    pub fn is_statutory(&self) -> bool {
        matches!(self.confidence, SourceConfidence::Statute | SourceConfidence::OfficialForm)
    }

    /// Whether its days are 24 hours each from the moment of the notice: a platform's countdown is natural time.
    #[must_use]
    pub fn counts_from_the_moment(&self) -> bool {
        self.applies_to.iter().any(|target| matches!(target, AppliesTo::Platform(_)))
            && self.period.is_some_and(|p| p.roll == super::period::Roll::None)
    }

    /// Whether it counts by the calendar that ships with the product, or the tenant's revision of it.
    #[must_use]
    pub fn counts_by_default(&self) -> bool {
        self.calendar == BUILT_IN_CALENDAR
    }
}

/// The id that the versions of a rule share.
#[must_use]
pub fn family_of(id: &str) -> &str {
    id.strip_suffix("-OLD").unwrap_or(id)
}
