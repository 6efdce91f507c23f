//! Path and query parameters.

use super::{body::rule_of, problem::Problem};
use crate::{
    domain::{
        field_rule::FieldRule,
        ids::{
            AgendaFeedId, AllegationId, ApiKeyId, CaseId, CommentId, ComplaintId, DeadlineId, GrantId, InvitationId, MemberId,
            NotificationChannelId, PlaybookId, RegisterEntryId, ReminderId, ShopId, TaskId, TriggerId,
        },
        text::Slug,
        time::Day,
        vocabulary::{LadderKind, Stage},
    },
    limits::FILTER_WORDS,
};
use actix_web::HttpRequest;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::str::FromStr;
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};

/// The parameters of a path, in order.
pub(super) trait PathParameters: Sized + 'static {
    /// Reads them.
    fn read(request: &HttpRequest) -> Result<Self, Problem>;
    /// Describes them.
    fn describe() -> Vec<Parameter>;
}

impl PathParameters for () {
    fn read(_: &HttpRequest) -> Result<Self, Problem> {
        Ok(())
    }

    fn describe() -> Vec<Parameter> {
        Vec::new()
    }
}

/// A type of path parameter, which has one name everywhere.
trait Named: FromStr + ToSchema + 'static {
    const NAME: &'static str;
    const ABOUT: &'static str;
}

fn read<T: Named>(request: &HttpRequest) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    request.match_info().query(T::NAME).parse().map_err(|e: T::Err| Problem::parameter(T::NAME, &e.to_string()))
}

fn describe<T: Named>() -> Parameter {
    ParameterBuilder::new()
        .name(T::NAME)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(T::ABOUT))
        .schema(Some(T::schema()))
        .build()
}

macro_rules! named {
    ($($type:ty = $name:literal, $about:literal;)+) => {$(
        impl Named for $type {
            const NAME: &'static str = $name;
            const ABOUT: &'static str = $about;
        }

        impl PathParameters for $type {
            fn read(request: &HttpRequest) -> Result<Self, Problem> {
                read(request)
            }

            fn describe() -> Vec<Parameter> {
                vec![describe::<Self>()]
            }
        }
    )+};
}

named! {
    MemberId = "member_id", "The member.";
    InvitationId = "invitation_id", "The invitation.";
    GrantId = "grant_id", "The grant.";
    ApiKeyId = "api_key_id", "The API key.";
    AgendaFeedId = "feed_id", "The calendar feed.";
    ShopId = "shop_id", "The shop.";
    CaseId = "case_id", "The case.";
    ComplaintId = "complaint_id", "The complaint.";
    AllegationId = "allegation_id", "The allegation.";
    DeadlineId = "deadline_id", "The deadline.";
    TriggerId = "trigger_id", "The trigger.";
    RegisterEntryId = "entry_id", "The entry of the register.";
    CalendarKey = "calendar_key", "The calendar.";
    Year = "year", "The year.";
    Day = "date", "The day.";
    RuleName = "rule_id", "The deadline rule.";
    ReminderId = "reminder_id", "The reminder.";
    LadderKind = "ladder_kind", "The kind of deadline.";
    NotificationChannelId = "notification_channel_id", "The channel.";
    TaskId = "task_id", "The task.";
    PlaybookId = "playbook_id", "The version of a playbook.";
    CommentId = "comment_id", "The comment.";
    Slug = "task_key", "The key of a playbook's task.";
    Stage = "stage", "The stage.";
    ProblemCode = "code", "The code of a problem.";
}

impl<A: Named, B: Named> PathParameters for (A, B)
where
    A::Err: std::fmt::Display,
    B::Err: std::fmt::Display,
{
    fn read(request: &HttpRequest) -> Result<Self, Problem> {
        Ok((read(request)?, read(request)?))
    }

    fn describe() -> Vec<Parameter> {
        vec![describe::<A>(), describe::<B>()]
    }
}

/// A word in a path that is no id: each is a type of its own, which has one name everywhere.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $type:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, ToSchema)]
        #[schema(value_type = $type)]
        pub(super) struct $name(pub(super) $type);

        impl FromStr for $name {
            type Err = <$type as FromStr>::Err;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

words! {
    /// The key of a calendar.
    CalendarKey of Slug;
    /// The id of a deadline rule.
    RuleName of Slug;
}

/// A year that input may name.
#[derive(Debug, Clone, Copy, ToSchema)]
#[schema(value_type = i32, minimum = 1900, maximum = 2200, example = 2027)]
pub(super) struct Year(pub(super) i16);

impl FromStr for Year {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let year = text.parse().ok().filter(|year| (1900..=2200).contains(year) && text.len() == 4);
        year.map(Self).ok_or_else(|| FieldRule::OutOfRange.with("1900–2200"))
    }
}

/// The code of a problem, as a path parameter.
#[derive(ToSchema)]
#[schema(value_type = String)]
pub(super) struct ProblemCode(pub(super) String);

impl FromStr for ProblemCode {
    type Err = std::convert::Infallible;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Ok(Self(code.to_owned()))
    }
}

/// A query that has no parameters.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct NoQuery {}

/// Reads the query strictly: an unknown parameter is refused.
pub(super) fn read_query<Q: DeserializeOwned>(request: &HttpRequest) -> Result<Q, Problem> {
    let pairs: Vec<(String, String)> =
        serde_urlencoded::from_str(request.query_string()).map_err(|e| Problem::parameter("", &FieldRule::Malformed.with(e)))?;
    let names = || pairs.iter().map(|(name, _)| name.as_str());
    if let Some(twice) = names().find(|name| names().filter(|other| other == name).count() > 1) {
        return Err(Problem::parameter(twice, &FieldRule::Twice.to_string()));
    }
    let deserializer = serde_urlencoded::Deserializer::new(form_urlencoded(request.query_string()));
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let name = error.path().to_string();
        let message = error.into_inner().to_string();
        let (rule, parameter, below) = rule_of(&message);
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()).map(str::to_owned);
        let name = below.or(unknown).unwrap_or(name);
        Problem::parameter(&name, &rule.with(parameter))
    })
}

fn form_urlencoded(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// Values separated by commas: `stage=evidence,legal`.
#[derive(Debug)]
pub(super) struct OneOf<T>(pub(super) Vec<T>);

impl<T> Default for OneOf<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: FromStr> Deserialize<'de> for OneOf<T>
where
    T::Err: std::fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.split(',').count() > FILTER_WORDS {
            return Err(serde::de::Error::custom(FieldRule::TooMany.with(FILTER_WORDS)));
        }
        text.split(',').map(|word| word.parse().map_err(serde::de::Error::custom)).collect::<Result<_, _>>().map(Self)
    }
}
