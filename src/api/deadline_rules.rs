//! The rules that make deadlines.

use super::{
    body::{Bulk, Json},
    parameters::{NoQuery, OneOf, RuleName},
    reply::{Answer, Reply},
    request::Request,
    views::{DeadlineMovePage, DeadlineMoveView, DeadlineRulePage, DeadlineRuleView, Showing},
};
use crate::{
    domain::{
        access::{ReadCases, WriteRules},
        deadline_rule::{AppliesTo, Rule},
        text::Line,
        time::Day,
        vocabulary::{OwedBy, SourceConfidence, Stage},
    },
    usecases::deadline_rules::{self as usecase, DeadlineMoves, NewDeadlineRule, RuleMove},
};
use serde::Deserialize;
use utoipa::IntoParams;

/// Which rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleQuery {
    /// Started by this trigger.
    #[param(nullable = false, value_type = Option<Line<64>>)]
    trigger_event: Option<Line<64>>,
    /// Applying there: channels, and platforms as `platform:tmall`.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<AppliesTo>>)]
    applies_to: Option<OneOf<AppliesTo>>,
    /// Of these stages.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<Stage>>)]
    stage: Option<OneOf<Stage>>,
    /// Owed by these.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<OwedBy>>)]
    owed_by: Option<OneOf<OwedBy>>,
    /// Read as well as this.
    #[param(style = Form, explode = false, nullable = false, inline, value_type = Option<Vec<SourceConfidence>>)]
    confidence: Option<OneOf<SourceConfidence>>,
    /// In force for triggers of this day.
    #[param(nullable = false)]
    in_force_on: Option<Day>,
}

impl RuleQuery {
    fn wants(&self, rule: &Rule) -> bool {
        let among = |wanted: Option<bool>| wanted.unwrap_or(true);
        among(self.trigger_event.as_ref().map(|event| rule.trigger_event == **event))
            && among(self.applies_to.as_ref().map(|wanted| wanted.0.iter().any(|place| rule.applies_to.contains(place))))
            && among(self.stage.as_ref().map(|wanted| wanted.0.contains(&rule.stage)))
            && among(self.owed_by.as_ref().map(|wanted| wanted.0.contains(&rule.owed_by)))
            && among(self.confidence.as_ref().map(|wanted| wanted.0.contains(&rule.confidence)))
            && among(self.in_force_on.map(|day| rule.in_force(day)))
    }
}

/// List the rules that the tenant works by: the built-in ones in all their versions, then its own, withdrawn ones left out.
#[utoipa::path(get, path = "/v1/deadline_rules", tag = "deadlines", responses((status = 200, description = "All of them.", body = DeadlineRulePage)))]
pub(super) async fn list_deadline_rules(request: Request<ReadCases, (), RuleQuery>) -> Answer {
    let (query, language) = (request.query, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let content = tx.content()?;
            let wanted = content.rules.iter().filter(|rule| query.wants(rule));
            let views = wanted.map(|rule| DeadlineRuleView::new(rule.clone(), None, &content.rules, language)).collect();
            Ok(Reply::ok(DeadlineRulePage::new(views, None)))
        })
        .await
}

/// Make a version of a rule: of one of the tenant's own, or one that takes the place of a built-in rule for triggers of its time.
///
/// It moves no deadline that runs: `GET .../deadline_moves/preview` lists those that it would move, `POST .../deadline_moves` moves them.
#[utoipa::path(post, path = "/v1/deadline_rules", tag = "deadlines", responses((status = 201, description = "The version.", body = DeadlineRuleView)))]
pub(super) async fn create_deadline_rule(request: Request<WriteRules, (), NoQuery, Json<NewDeadlineRule>>) -> Answer {
    let (Json(new), language) = (request.body, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let record = usecase::create(tx, new)?;
            let location = format!("/v1/deadline_rules/{}", record.rule.id);
            let all = tx.content()?;
            Ok(Reply::created(DeadlineRuleView::new(record.rule.clone(), Some(record), &all.rules, language), location))
        })
        .await
}

/// List the versions of a rule, the tenant's newest first, withdrawn ones too.
#[utoipa::path(get, path = "/v1/deadline_rules/{rule_id}", tag = "deadlines", responses((status = 200, description = "All versions.", body = DeadlineRulePage)))]
pub(super) async fn list_deadline_rule_versions(request: Request<ReadCases, RuleName>) -> Answer {
    let (RuleName(id), language) = (request.path, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let (versions, all) = (usecase::versions(tx, &id)?, tx.content()?);
            let views = versions.into_iter().map(|(rule, record)| DeadlineRuleView::new(rule, record, &all.rules, language));
            Ok(Reply::ok(DeadlineRulePage::new(views.collect(), None)))
        })
        .await
}

/// Withdraw the tenant's newest version of a rule. Deadlines that were made by it stay.
#[utoipa::path(post, path = "/v1/deadline_rules/{rule_id}/withdrawals", tag = "deadlines", responses((status = 200, description = "The version as withdrawn.", body = DeadlineRuleView)))]
pub(super) async fn withdraw_deadline_rule(request: Request<WriteRules, RuleName>) -> Answer {
    let (RuleName(id), language) = (request.path, request.caller.language());
    request
        .caller
        .transact(move |tx| {
            let record = usecase::withdraw(tx, &id)?;
            let all = tx.content()?;
            Ok(Reply::ok(DeadlineRuleView::new(record.rule.clone(), Some(record), &all.rules, language)))
        })
        .await
}

fn page(moves: Vec<RuleMove>, showing: &Showing) -> DeadlineMovePage {
    let view = |RuleMove { before, after }| DeadlineMoveView::new(&before, after, false, showing);
    DeadlineMovePage::new(moves.into_iter().map(view).collect(), None)
}

/// Preview which open deadlines the rule as it is now would move; at most 200 are looked at.
#[utoipa::path(get, path = "/v1/deadline_rules/{rule_id}/deadline_moves/preview", tag = "deadlines", responses((status = 200, description = "The deadlines with their old and new ends.", body = DeadlineMovePage)))]
pub(super) async fn preview_deadline_moves(request: Request<ReadCases, RuleName>) -> Answer {
    let (RuleName(id), language) = (request.path, request.caller.language());
    request.caller.transact(move |tx| Ok(Reply::ok(page(usecase::preview(tx, &id)?, &Showing::of(tx, language)?)))).await
}

/// Let open deadlines follow the rule as it is now, all or none.
#[utoipa::path(post, path = "/v1/deadline_rules/{rule_id}/deadline_moves", tag = "deadlines", responses((status = 200, description = "The deadlines with their old and new ends.", body = DeadlineMovePage)))]
pub(super) async fn move_deadlines(request: Request<WriteRules, RuleName, NoQuery, Bulk<DeadlineMoves>>) -> Answer {
    let (RuleName(id), Bulk(wanted), language) = (request.path, request.body, request.caller.language());
    request.caller.transact(move |tx| Ok(Reply::ok(page(usecase::apply(tx, &id, &wanted)?, &Showing::of(tx, language)?)))).await
}
