//! Messages whose moment has come go out.

use crate::{
    domain::{
        access::{ReadCases, WriteCases},
        ids::TenantId,
        time::Instant,
    },
    limits::SENT_AT_ONCE,
    outbound::{Message, Outbound, SendError},
    store::{self, Failure, Store, Tx, records::Outgoing},
    usecases::messages::{self, Came},
};
use futures_util::future::join_all;

/// Sends what is due in a tenant; gives when the next message is due.
///
/// Each is taken on for a time in one transaction, sent outside of any, and settled in another: whoever dies in between leaves it to be sent again.
pub(super) async fn run(store: &Store, tenant: TenantId, outbound: &Outbound, public_url: &str) -> Result<Option<Instant>, Failure> {
    let taken = store.by_itself(tenant, |tx: &mut Tx<'_, WriteCases>| messages::take_on(tx, SENT_AT_ONCE)).await?;
    let sent = join_all(taken.into_iter().map(|outgoing| send(store, tenant, outgoing, outbound, public_url))).await;
    if !sent.is_empty() {
        store.by_itself(tenant, move |tx: &mut Tx<'_, WriteCases>| messages::settle(tx, &sent)).await?;
    }
    store.by_itself(tenant, |tx: &mut Tx<'_, ReadCases>| Ok(store::deliveries::next_due(tx)?)).await
}

async fn send(store: &Store, tenant: TenantId, outgoing: Outgoing, outbound: &Outbound, public_url: &str) -> (Outgoing, Came) {
    let ground = store.ground();
    let came = match messages::letter(&outgoing, tenant, ground) {
        Err(came) => came,
        Ok((to, text)) => {
            let link = Some(format!("{public_url}/v1/deadlines/{}", outgoing.deadline_id));
            let message = Message { id: outgoing.id.into(), title: text.title, lines: text.lines, link };
            match outbound.send(&to, &message, ground.clock.now().timestamp()).await {
                Ok(receipt) => Came::Through { reference: receipt.reference },
                Err(SendError::Later { after, told, reason }) => Came::Back { after, told, reason },
                Err(SendError::Never { reason }) => Came::Refused { reason },
            }
        }
    };
    (outgoing, came)
}
