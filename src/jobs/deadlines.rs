//! Deadlines whose moment has come.

use crate::{
    domain::{
        access::{ReadCases, WriteCases},
        ids::{CaseId, TenantId},
        time::Instant,
    },
    limits::WAKING_CASES,
    store::{self, Failure, Store, Tx},
    usecases::{due_deadlines, due_reminders},
};

/// Looks after the deadlines of a tenant; gives when the next one is due.
pub(super) async fn run(store: &Store, tenant: TenantId) -> Result<Option<Instant>, Failure> {
    for case in cases(store, tenant, |tx| store::deadlines::cases_to_recount(tx, WAKING_CASES)).await? {
        store.by_itself(tenant, move |tx: &mut Tx<'_, WriteCases>| due_deadlines::recount(tx, case)).await?;
    }
    for case in cases(store, tenant, |tx| store::deadlines::waking_cases(tx, WAKING_CASES)).await? {
        store.by_itself(tenant, move |tx: &mut Tx<'_, WriteCases>| due_deadlines::mark_missed(tx, case)).await?;
    }
    let waking = store.by_itself(tenant, |tx: &mut Tx<'_, ReadCases>| Ok(store::deadlines::waking(tx, WAKING_CASES)?)).await?;
    for deadline in waking {
        store.by_itself(tenant, move |tx: &mut Tx<'_, WriteCases>| due_reminders::remind(tx, deadline)).await?;
    }
    store.by_itself(tenant, |tx: &mut Tx<'_, ReadCases>| Ok(store::deadlines::next_wake(tx)?)).await
}

async fn cases(
    store: &Store,
    tenant: TenantId,
    query: impl FnOnce(&mut Tx<'_, ReadCases>) -> Result<Vec<CaseId>, store::StoreError> + Send + 'static,
) -> Result<Vec<CaseId>, Failure> {
    store.by_itself(tenant, |tx: &mut Tx<'_, ReadCases>| Ok(query(tx)?)).await
}
