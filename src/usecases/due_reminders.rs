//! Reminding of deadlines, because a step of their ladder has come.

use crate::{
    domain::{
        access::WriteCases,
        content::Content,
        deadline::Deadline,
        ids::{DeadlineId, MemberId},
        notification_channel::NotificationChannel,
        recipients::{Addressee, Circle, STAND_INS},
        reminder::{Planned, Reminder},
        time::Instant,
        vocabulary::StepTo,
    },
    store::{self, Failure, Stored, Tx, records::Case},
};

/// Sends what is due of a deadline's ladder, each step once, however many ask for it at the same time.
///
/// # Errors
/// When the database fails.
pub fn remind(tx: &mut Tx<'_, WriteCases>, id: DeadlineId) -> Result<(), Failure> {
    let (content, now) = (tx.content()?, tx.now());
    let deadline = store::deadlines::find(tx, id)?;
    if deadline.wake_at.is_none_or(|wake_at| wake_at > now) {
        return Ok(());
    }
    let steps = deadline.due_steps(&content, now);
    if !store::deadlines::claim(tx, &deadline, &deadline.reminded(&content, now))? || steps.is_empty() {
        return Ok(());
    }
    let case = store::cases::find(tx, deadline.case_id)?;
    let circle = circle(tx, &case, &deadline, &steps)?;
    for planned in &steps {
        if planned.step.unless_acknowledged && store::reminders::is_acknowledged(tx, &deadline)? {
            continue;
        }
        send(tx, &deadline, planned, &circle, &content)?;
    }
    Ok(())
}

/// Those whom the steps can reach: the people whom they name, and whoever stands in for them.
fn circle(tx: &mut Tx<'_, WriteCases>, case: &Stored<Case>, deadline: &Deadline, steps: &[Planned<'_>]) -> Result<Circle, Failure> {
    let mut circle = Circle { assignee: deadline.assignee_id, lead: case.lead_id, ..Circle::default() };
    let named: Vec<MemberId> = [circle.assignee, circle.lead].into_iter().flatten().collect();
    let to_managers = named.len() < 2 || steps.iter().any(|planned| planned.step.to.contains(&StepTo::Managers));
    let mut found = store::reminders::people(tx, case, &named, to_managers)?;
    if !to_managers && found.iter().any(|person| !person.may_be_told) {
        // Somebody has to be told in their place.
        found = store::reminders::people(tx, case, &named, true)?;
    }
    for _ in 0..=STAND_INS {
        circle.people.extend(found.into_iter().map(|person| (person.id, person)));
        let missing = circle.missing_stand_ins(tx.now());
        if missing.is_empty() {
            break;
        }
        found = store::reminders::people(tx, case, &missing, false)?;
    }
    Ok(circle)
}

fn send(
    tx: &mut Tx<'_, WriteCases>,
    deadline: &Deadline,
    planned: &Planned<'_>,
    circle: &Circle,
    content: &Content,
) -> Result<(), Failure> {
    let (step, now) = (planned.step, tx.now());
    let addressees = circle.addressees(&step.to, now);
    let members: Vec<MemberId> = addressees.iter().map(|addressee| addressee.member_id).collect();
    let channels = store::notification_channels::reaching(tx, &members, step.critical || step.escalates())?;
    let mut told_to_groups = false;
    for Addressee { member_id, stands_in_for } in addressees {
        let shown_at = circle.people.get(&member_id).map_or(now, |person| deadline.shown_at(step, &person.availability, content, now));
        let over: Vec<&NotificationChannel> = channels
            .iter()
            .filter(|channel| channel.member_id == Some(member_id) || (channel.member_id.is_none() && !told_to_groups))
            .collect();
        let reminder = reminder(tx, deadline, planned, member_id, stands_in_for, shown_at);
        // A group hears of a step once, however many it reaches.
        told_to_groups |= store::reminders::insert(tx, &reminder, &over)?;
    }
    Ok(())
}

fn reminder(
    tx: &Tx<'_, WriteCases>,
    deadline: &Deadline,
    planned: &Planned<'_>,
    member_id: MemberId,
    stands_in_for_id: Option<MemberId>,
    shown_at: Instant,
) -> Reminder {
    Reminder {
        id: tx.new_id(),
        case_id: deadline.case_id,
        deadline_id: deadline.id,
        member_id,
        stands_in_for_id,
        step: planned.step.name.to_string(),
        due_at: deadline.due_at,
        critical: planned.step.critical,
        planned_at: planned.at,
        shown_at,
        late: planned.late,
        acknowledged_at: None,
        snoozed_until: None,
        cancelled_at: None,
        version: 1,
        created_at: tx.now(),
    }
}
