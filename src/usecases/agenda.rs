//! What is to be done next over all cases that the caller may see.

use crate::{
    domain::{access::ReadCases, language::Bilingual, vocabulary::vocabulary},
    store::{
        self, Failure, Tx,
        page::Page,
        records::{AgendaFilter, AgendaItem, AgendaWork},
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// What an entry of an agenda is.
    AgendaKind {
        /// A deadline.
        Deadline = "deadline",
        /// A task.
        Task = "task",
    }
}

/// An entry of an agenda.
#[derive(Debug, Clone)]
pub struct AgendaEntry {
    /// What is to be done.
    pub item: AgendaItem,
    /// What it is called: its own title, the rule's or the playbook's.
    pub title: Bilingual,
    /// Whether it was due before now.
    pub overdue: bool,
}

/// A page of the agenda: deadlines, tasks or both, by when they are due.
///
/// Each kind is one statement. A page of both is cut out of a page of each, so a place in one is a place in the other.
///
/// # Errors
/// When the database fails.
pub fn page(tx: &mut Tx<'_, ReadCases>, page: &Page<AgendaFilter>, kinds: &[AgendaKind]) -> Result<Vec<AgendaEntry>, Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let wanted = |kind: AgendaKind| kinds.is_empty() || kinds.contains(&kind);
    let mut items = Vec::new();
    if wanted(AgendaKind::Deadline) {
        items.extend(store::agenda::deadlines(tx, page)?);
    }
    // Nobody but us owes a task; a filter by who owes what asks for deadlines.
    if wanted(AgendaKind::Task) && page.filter.owed_by.is_empty() {
        items.extend(store::agenda::tasks(tx, page)?);
    }
    items.sort_by_key(|item| (item.due_at, item.id()));
    items.truncate(usize::try_from(page.limit).unwrap_or(usize::MAX).saturating_add(1));
    let entry = |item: AgendaItem| {
        let title = match &item.work {
            AgendaWork::Deadline(deadline) => {
                let rule = deadline.rule_id.as_deref().and_then(|id| content.rule(id));
                Bilingual::own_or(deadline.title.as_deref(), rule.map(|rule| &rule.title))
            }
            AgendaWork::Task(task) => task.title.clone(),
        };
        AgendaEntry { overdue: item.due_at < now, title, item }
    };
    Ok(items.into_iter().map(entry).collect())
}
