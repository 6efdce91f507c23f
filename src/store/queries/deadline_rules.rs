//! A tenant's own versions of deadline rules.

use super::{At, Result, tenants};
use crate::{
    domain::{
        deadline_rule::{Rule, RuleRecord},
        ids::{DeadlineRuleId, MemberId, TenantId},
        journal::Entry,
        time::Instant,
    },
    store::{error::StoreError, holes::Hole, schema::deadline_rules, sql_types::AsJson},
};
use diesel::prelude::*;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deadline_rules)]
struct Row {
    tenant_id: TenantId,
    id: DeadlineRuleId,
    rule_id: String,
    number: i32,
    rule: AsJson<Rule>,
    withdrawn_at: Option<Instant>,
    created_by: MemberId,
    created_at: Instant,
}

impl From<Row> for RuleRecord {
    fn from(row: Row) -> Self {
        let rule = Rule { version_id: Some(row.id), ..row.rule.0 };
        Self { rule, withdrawn_at: row.withdrawn_at, created_by: row.created_by, created_at: row.created_at }
    }
}

/// Those that are not withdrawn.
pub(super) fn in_use(at: &mut At<'_>) -> Result<Vec<RuleRecord>> {
    let mut query = deadline_rules::table.filter(deadline_rules::withdrawn_at.is_null()).order(deadline_rules::id).into_boxed();
    if !at.open(Hole::TenantOfRulebook) {
        query = query.filter(deadline_rules::tenant_id.eq(at.tenant()));
    }
    Ok(at.load::<_, Row>(query.select(Row::as_select()))?.into_iter().map(RuleRecord::from).collect())
}

/// All of the tenant's versions of a rule, withdrawn ones too, the newest first.
pub(in crate::store) fn versions(at: &mut At<'_>, rule_id: &str) -> Result<Vec<RuleRecord>> {
    let query = deadline_rules::table
        .filter(deadline_rules::tenant_id.eq(at.tenant()))
        .filter(deadline_rules::rule_id.eq(rule_id))
        .order(deadline_rules::number.desc())
        .select(Row::as_select());
    Ok(at.load::<_, Row>(query)?.into_iter().map(RuleRecord::from).collect())
}

/// How many versions the tenant has in all.
pub(in crate::store) fn count(at: &mut At<'_>) -> Result<i64> {
    at.first(deadline_rules::table.filter(deadline_rules::tenant_id.eq(at.tenant())).select(diesel::dsl::count_star()))
}

/// Keeps a new version.
pub(in crate::store) fn insert(at: &mut At<'_>, record: &RuleRecord) -> Result<()> {
    let id = record.rule.version_id.ok_or_else(|| StoreError::Broken("a built-in rule is nobody's to write".into()))?;
    tenants::raise_rulebook(at)?;
    let row = Row {
        tenant_id: at.tenant(),
        id,
        rule_id: record.rule.id.clone(),
        number: record.rule.number,
        rule: AsJson(record.rule.clone()),
        withdrawn_at: None,
        created_by: record.created_by,
        created_at: record.created_at,
    };
    let entry = Entry::of_tenant("deadline_rule.created", id).with("rule", &record.rule);
    diesel::insert_into(deadline_rules::table).values(row).execute(at.record(entry))?;
    Ok(())
}

/// Withdraws a version.
pub(in crate::store) fn withdraw(at: &mut At<'_>, record: &RuleRecord) -> Result<()> {
    let id = record.rule.version_id.ok_or(StoreError::NotFound)?;
    tenants::raise_rulebook(at)?;
    let row = deadline_rules::table.find((at.tenant(), id)).filter(deadline_rules::withdrawn_at.is_null());
    let now = at.now();
    let entry = Entry::of_tenant("deadline_rule.withdrawn", id).with("rule_id", &record.rule.id).with("number", record.rule.number);
    match diesel::update(row).set(deadline_rules::withdrawn_at.eq(now)).execute(at.record(entry))? {
        1 => Ok(()),
        _ => Err(StoreError::NotFound),
    }
}
