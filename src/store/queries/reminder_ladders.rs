//! A tenant's own ladders of reminders.

use super::{At, Result, alarms, tenants};
use crate::{
    domain::{
        ids::{MemberId, TenantId},
        journal::Entry,
        ladder::{LadderRecord, LadderStep, Ladders},
        time::Instant,
        vocabulary::LadderKind,
    },
    store::{error::StoreError, holes::Hole, schema::reminder_ladders, sql_types::AsJson},
};
use diesel::prelude::*;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = reminder_ladders, primary_key(tenant_id, kind), treat_none_as_null = true)]
struct Row {
    tenant_id: TenantId,
    kind: LadderKind,
    steps: Option<AsJson<Vec<LadderStep>>>,
    version: i64,
    changed_by: MemberId,
    updated_at: Instant,
}

fn rows(at: &mut At<'_>) -> Result<Vec<Row>> {
    let mut query = reminder_ladders::table.order(reminder_ladders::kind).select(Row::as_select()).into_boxed();
    if !at.open(Hole::TenantOfRulebook) {
        query = query.filter(reminder_ladders::tenant_id.eq(at.tenant()));
    }
    at.load(query)
}

/// Those that hold in place of the built-in ones.
pub(super) fn in_use(at: &mut At<'_>) -> Result<Ladders> {
    Ok(rows(at)?.into_iter().filter_map(|row| Some((row.kind, row.steps?.0))).collect())
}

/// Those that the tenant has ever changed; without steps where the built-in one holds again.
pub(in crate::store) fn changed(at: &mut At<'_>) -> Result<Vec<LadderRecord>> {
    let record = |row: Row| LadderRecord {
        kind: row.kind,
        own: row.steps.is_some(),
        steps: row.steps.map(|steps| steps.0).unwrap_or_default(),
        version: row.version,
        changed_by: Some(row.changed_by),
        updated_at: Some(row.updated_at),
    };
    Ok(rows(at)?.into_iter().map(record).collect())
}

/// Keeps a ladder, or that the built-in one holds again. Open deadlines are planned anew.
pub(in crate::store) fn save(at: &mut At<'_>, before: &LadderRecord, steps: Option<&[LadderStep]>) -> Result<LadderRecord> {
    tenants::raise_rulebook(at)?;
    let row = Row {
        tenant_id: at.tenant(),
        kind: before.kind,
        steps: steps.map(|steps| AsJson(steps.to_vec())),
        version: before.version + 1,
        changed_by: at.scope().member(),
        updated_at: at.now(),
    };
    let after = LadderRecord {
        kind: before.kind,
        steps: steps.map(<[LadderStep]>::to_vec).unwrap_or_default(),
        own: steps.is_some(),
        version: row.version,
        changed_by: Some(row.changed_by),
        updated_at: Some(row.updated_at),
    };
    // A ladder has a kind and no id; the entry is about the tenant.
    let subject = Uuid::from(at.tenant());
    let entry = Entry::of_tenant("reminder_ladder.changed", subject)
        .with("kind", before.kind)
        .with("from", &before.steps)
        .with("to", steps)
        .with("version", after.version);
    let known = reminder_ladders::table.find((row.tenant_id, row.kind)).filter(reminder_ladders::version.eq(before.version));
    let conn = at.record(entry);
    let changed = match before.updated_at {
        Some(_) => diesel::update(known).set(&row).execute(conn)?,
        None => diesel::insert_into(reminder_ladders::table).values(&row).on_conflict_do_nothing().execute(conn)?,
    };
    if changed != 1 {
        return Err(StoreError::Stale { current: after.version });
    }
    alarms::plan_anew(at)?;
    Ok(after)
}
