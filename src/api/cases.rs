//! Cases, their stages, and what stands in their way.

use super::{
    body::{Json, MergePatch},
    members::PageQuery,
    parameters::{NoQuery, OneOf},
    problem::Problem,
    reply::{Answer, Reply},
    request::{Request, by_id},
    views::{BlockerPage, BlockerView, CasePage, CaseView, Expand, Showing, TimelineEntryView, TimelinePage},
};
use crate::{
    domain::{
        access::{CloseCases, OpenCases, ReadCases, WriteCases},
        case::Case,
        ids::{CaseId, MemberId, PlaybookId, ShopId},
        time::Instant,
        vocabulary::{CaseStatus, Channel, ReporterType, Stage},
    },
    store::{
        cases,
        page::{Position, Sort, SortKey},
        records::CaseFilter,
    },
    usecases::cases::{self as usecase, CasePatch, CaseTransition, NewCase, StageTransition},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which cases, in which order.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseQuery {
    /// Of this shop.
    #[param(nullable = false)]
    shop_id: Option<ShopId>,
    /// With one of these stages active.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Stage>>)]
    stage: Option<OneOf<Stage>>,
    /// In this state.
    #[param(nullable = false)]
    status: Option<CaseStatus>,
    /// Led by this member.
    #[param(nullable = false)]
    lead_id: Option<MemberId>,
    /// Whose first complaint has one of these reporter types.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<ReporterType>>)]
    reporter_type: Option<OneOf<ReporterType>>,
    /// Whose first complaint came through one of these channels.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Channel>>)]
    channel: Option<OneOf<Channel>>,
    /// With a next deadline before this moment.
    #[param(nullable = false)]
    due_before: Option<Instant>,
    /// With this number.
    #[param(nullable = false, example = "2026-000123")]
    number: Option<String>,
    /// Pinned to this version of a playbook.
    #[param(nullable = false)]
    playbook_id: Option<PlaybookId>,
    /// In which order; `-opened_at` when absent.
    #[param(nullable = false, inline)]
    sort: Option<CaseSort>,
    /// How many, 50 when absent.
    #[param(nullable = false, minimum = 1, maximum = 200)]
    limit: Option<i64>,
    /// Where to go on.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// The orders of the list of cases.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
pub(super) enum CaseSort {
    /// Oldest first.
    #[serde(rename = "opened_at")]
    OpenedAt,
    /// Newest first.
    #[serde(rename = "-opened_at")]
    OpenedAtDescending,
    /// What is due next first; cases without a deadline last.
    #[serde(rename = "next_due_at")]
    NextDueAt,
    /// What is due last first.
    #[serde(rename = "-next_due_at")]
    NextDueAtDescending,
}

impl CaseSort {
    fn sort(self) -> Sort {
        match self {
            Self::OpenedAt => Sort { by: SortKey::OpenedAt, descending: false },
            Self::OpenedAtDescending => Sort { by: SortKey::OpenedAt, descending: true },
            Self::NextDueAt => Sort { by: SortKey::NextDueAt, descending: false },
            Self::NextDueAtDescending => Sort { by: SortKey::NextDueAt, descending: true },
        }
    }
}

/// What of a case's contents to send with it.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ExpandQuery {
    /// Which of its contents to send with it.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Expansion>>)]
    expand: Option<OneOf<Expansion>>,
}

/// A part of a case's contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expansion {
    /// What came in.
    Complaints,
    /// The points of the accusation.
    Allegations,
    /// The tasks.
    Tasks,
    /// The deadlines.
    Deadlines,
}

impl std::str::FromStr for Expansion {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "complaints" => Ok(Self::Complaints),
            "allegations" => Ok(Self::Allegations),
            "tasks" => Ok(Self::Tasks),
            "deadlines" => Ok(Self::Deadlines),
            _ => Err("unknown_word|complaints, allegations, tasks, deadlines".to_owned()),
        }
    }
}

impl From<OneOf<Expansion>> for Expand {
    fn from(wanted: OneOf<Expansion>) -> Self {
        let has = |part| wanted.0.contains(&part);
        Self {
            complaints: has(Expansion::Complaints),
            allegations: has(Expansion::Allegations),
            tasks: has(Expansion::Tasks),
            deadlines: has(Expansion::Deadlines),
        }
    }
}

/// Whose blockers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockerQuery {
    /// Only what shuts this stage's gate.
    #[param(nullable = false)]
    stage: Option<Stage>,
}

fn reply(case: Case) -> Reply<CaseView> {
    let version = case.version;
    Reply::ok(CaseView::new(case)).version(version)
}

/// List cases.
#[utoipa::path(get, path = "/v1/cases", tag = "cases", responses((status = 200, description = "A page of cases.", body = CasePage)))]
pub(super) async fn list_cases(request: Request<ReadCases, (), CaseQuery>) -> Answer {
    let query = request.query;
    let filter = CaseFilter {
        shop_id: query.shop_id,
        stages: query.stage.unwrap_or_default().0,
        status: query.status,
        lead_id: query.lead_id,
        reporter_types: query.reporter_type.unwrap_or_default().0,
        channels: query.channel.unwrap_or_default().0,
        due_before: query.due_before,
        number: query.number,
        playbook_id: query.playbook_id,
    };
    let sort = query.sort.unwrap_or(CaseSort::OpenedAtDescending).sort();
    let page = request.caller.page(filter, sort, query.limit, query.cursor.as_deref())?;
    let limit = page.limit;
    let place = move |case: &Case| {
        let due = case.next_deadline.as_ref().map_or(Instant::FAR_FUTURE, |d| d.due_at);
        Position { at: if sort.by == SortKey::NextDueAt { due } else { case.opened_at }, id: case.id.into() }
    };
    request.caller.list(limit, |tx| Ok(cases::list(tx, page)?), place, CaseView::new, CasePage::new).await
}

/// Open a case from a complaint.
///
/// Its stages, tasks and deadlines are made from the playbook, the branch of which the channel and the reporter's type choose. They are in the
/// answer.
#[utoipa::path(post, path = "/v1/cases", tag = "cases", responses((status = 201, description = "The case with all that it begins with.", body = CaseView)))]
pub(super) async fn open_case(request: Request<OpenCases, (), NoQuery, Json<NewCase>>) -> Answer {
    let (Json(new), language) = (request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let (case, contents) = usecase::open(tx, new)?;
            let (location, version) = (format!("/v1/cases/{}", case.id), case.version);
            let view = CaseView::new(case).with(Expand::ALL, contents, &Showing::of(tx, language)?);
            Ok(Reply::created(view, location).version(version))
        })
        .await
}

/// Get a case, with its contents if asked for.
#[utoipa::path(get, path = "/v1/cases/{case_id}", tag = "cases", responses((status = 200, description = "The case.", body = CaseView)))]
pub(super) async fn get_case(request: Request<ReadCases, CaseId, ExpandQuery>) -> Answer {
    let (id, language) = (request.path, request.caller.language());
    let expand = request.query.expand.map(Expand::from).unwrap_or_default();
    request
        .caller
        .transact(move |tx| {
            let case = cases::find(tx, id)?;
            let mut view = CaseView::new(Case::clone(&case));
            if expand.any() {
                let contents = cases::contents(tx, &case)?;
                view = view.with(expand, contents, &Showing::of(tx, language)?);
            }
            Ok(Reply::ok(view).version(case.version))
        })
        .await
}

/// Change a case.
#[utoipa::path(patch, path = "/v1/cases/{case_id}", tag = "cases", responses((status = 200, description = "The case as changed.", body = CaseView)))]
pub(super) async fn change_case(request: Request<WriteCases, CaseId, NoQuery, MergePatch<CasePatch>>) -> Answer {
    let (id, MergePatch(patch), seen) = (request.path, request.body, request.caller.seen()?);
    request.caller.transact(move |tx| Ok(reply(usecase::change(tx, id, seen, patch)?.into_inner()))).await
}

/// Close or reopen a case.
///
/// Closing is refused with 409 `blocked` and the blockers while something stands open, unless somebody with the right overrides it with a reason.
#[utoipa::path(post, path = "/v1/cases/{case_id}/transitions", tag = "cases", responses((status = 200, description = "The case after the transition.", body = CaseView)))]
pub(super) async fn transition_case(request: Request<CloseCases, CaseId, NoQuery, Json<CaseTransition>>) -> Answer {
    let (id, Json(wanted), seen) = (request.path, request.body, request.caller.seen_if_told());
    let moved = request.caller.transact(move |tx| Ok(reply(usecase::transition(tx, id, seen, wanted)?.into_inner()))).await;
    moved.map_err(|problem: Problem| problem.in_case(id))
}

/// Move a stage of a case.
///
/// Completing is refused with 409 `blocked` and the blockers while its gate is shut, unless somebody with the right overrides it with a reason.
#[utoipa::path(post, path = "/v1/cases/{case_id}/stages/{stage}/transitions", tag = "cases", responses((status = 200, description = "The case after the transition.", body = CaseView)))]
pub(super) async fn transition_stage(request: Request<WriteCases, (CaseId, Stage), NoQuery, Json<StageTransition>>) -> Answer {
    let ((id, stage), Json(wanted), seen) = (request.path, request.body, request.caller.seen_if_told());
    let moved = request.caller.transact(move |tx| Ok(reply(usecase::move_stage(tx, id, seen, stage, wanted)?.into_inner()))).await;
    moved.map_err(|problem: Problem| problem.in_case(id))
}

/// What stands in the way of completing the stages and closing the case?
#[utoipa::path(get, path = "/v1/cases/{case_id}/blockers", tag = "cases", responses((status = 200, description = "The blockers, in words and with links.", body = BlockerPage)))]
pub(super) async fn list_blockers(request: Request<ReadCases, CaseId, BlockerQuery>) -> Answer {
    let (id, stage, language) = (request.path, request.query.stage, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let (case, blockers) = usecase::blockers(tx, id, stage)?;
            let views = blockers.iter().map(|blocker| BlockerView::new(blocker, id, language)).collect();
            Ok(Reply::ok(BlockerPage::new(views, None)).version(case.version))
        })
        .await
}

/// What has happened in a case, newest first, as far as the caller may see it?
#[utoipa::path(get, path = "/v1/cases/{case_id}/timeline", tag = "cases", responses((status = 200, description = "A page of the timeline.", body = TimelinePage)))]
pub(super) async fn list_timeline(request: Request<ReadCases, CaseId, PageQuery>) -> Answer {
    let id = request.path;
    let newest_first = Sort { by: SortKey::Id, descending: true };
    let page = request.caller.page((), newest_first, request.query.limit, request.query.cursor.as_deref())?;
    let limit = page.limit;
    request
        .caller
        .list(
            limit,
            move |tx| {
                let case = cases::find(tx, id)?;
                Ok(cases::timeline(tx, &case, page)?)
            },
            |entry| by_id(entry.id),
            TimelineEntryView::from,
            TimelinePage::new,
        )
        .await
}
