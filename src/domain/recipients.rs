//! Whom a step of a ladder reminds: whoever it names, or who stands in for them.

use super::{access::Role, availability::Availability, ids::MemberId, time::Instant, vocabulary::StepTo};
use std::collections::BTreeMap;

/// How often one who stands in can be stood in for.
pub const STAND_INS: usize = 3;

/// A member who may be reminded of a deadline.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Who.
    pub id: MemberId,
    /// What they are to the tenant.
    pub role: Role,
    /// Whether they may be told: not suspended, and within reach of the case.
    pub may_be_told: bool,
    /// When they work.
    pub availability: Availability,
}

/// The people around a deadline.
#[derive(Debug, Clone, Default)]
pub struct Circle {
    /// Who answers for it.
    pub assignee: Option<MemberId>,
    /// Who leads its case.
    pub lead: Option<MemberId>,
    /// These, the tenant's managers and owners, and those who stand in for them.
    pub people: BTreeMap<MemberId, Candidate>,
}

/// Somebody who is reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Addressee {
    /// Who.
    pub member_id: MemberId,
    /// For whom they stand in.
    pub stands_in_for: Option<MemberId>,
}

impl Circle {
    fn person(&self, id: Option<MemberId>) -> Option<&Candidate> {
        self.people.get(&id?).filter(|person| person.may_be_told)
    }

    /// The managers; the owners where there are none.
    fn managers(&self) -> Vec<MemberId> {
        let of = |role: Role| -> Vec<MemberId> {
            self.people.values().filter(|person| person.role == role && person.may_be_told).map(|person| person.id).collect()
        };
        let managers = of(Role::Manager);
        if managers.is_empty() { of(Role::Owner) } else { managers }
    }

    /// Those whom a word of a step means; whoever is next when there is nobody.
    fn meant(&self, to: StepTo) -> Vec<MemberId> {
        let found = match to {
            StepTo::Assignee => self.person(self.assignee).or_else(|| self.person(self.lead)),
            StepTo::Lead => self.person(self.lead),
            StepTo::Managers => None,
        };
        found.map_or_else(|| self.managers(), |person| vec![person.id])
    }

    /// Who gets what is meant for a member: they, or who stands in while they are away; when nobody does, they and the case's lead.
    fn instead_of(&self, id: MemberId, now: Instant) -> Vec<Addressee> {
        let mut passed = vec![id];
        let mut at = id;
        while let Some(person) = self.people.get(&at) {
            if !person.availability.is_away(now) {
                return vec![Addressee { member_id: at, stands_in_for: (at != id).then_some(id) }];
            }
            match self.person(person.availability.stand_in_id) {
                Some(next) if passed.len() <= STAND_INS && !passed.contains(&next.id) => {
                    passed.push(next.id);
                    at = next.id;
                }
                _ => break,
            }
        }
        let lead = self.person(self.lead).map(|lead| lead.id).filter(|lead| *lead != id);
        let both = [Some((id, None)), lead.map(|lead| (lead, Some(id)))];
        both.into_iter().flatten().map(|(member_id, stands_in_for)| Addressee { member_id, stands_in_for }).collect()
    }

    /// Whom a step reminds, each once.
    #[must_use]
    pub fn addressees(&self, to: &[StepTo], now: Instant) -> Vec<Addressee> {
        let mut found: BTreeMap<MemberId, Addressee> = BTreeMap::new();
        for addressee in to.iter().flat_map(|to| self.meant(*to)).flat_map(|id| self.instead_of(id, now)) {
            let known = found.entry(addressee.member_id).or_insert(addressee);
            // What is meant for oneself comes before what one gets for others.
            known.stands_in_for = known.stands_in_for.filter(|_| addressee.stands_in_for.is_some());
        }
        found.into_values().collect()
    }

    /// Those who stand in for somebody in the circle who is away, as far as they are not in it.
    #[must_use]
    pub fn missing_stand_ins(&self, now: Instant) -> Vec<MemberId> {
        let away = self.people.values().filter(|person| person.availability.is_away(now));
        away.filter_map(|person| person.availability.stand_in_id).filter(|id| !self.people.contains_key(id)).collect()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::domain::content::Content;
    use uuid::Uuid;

    fn id(number: u128) -> MemberId {
        Uuid::from_u128(number).into()
    }

    /// Members by number: role, whether they may be told, who stands in while they are away.
    fn circle(people: &[(u128, Role, bool, Option<Option<u128>>)]) -> Circle {
        let calendar = Content::embedded().unwrap().calendar;
        let person = |(number, role, may_be_told, away): &(u128, Role, bool, Option<Option<u128>>)| {
            let mut availability = Availability::unsaid(id(*number), &calendar);
            availability.away_from = away.map(|_| Instant::from_microseconds(0));
            availability.stand_in_id = away.flatten().map(id);
            (id(*number), Candidate { id: id(*number), role: *role, may_be_told: *may_be_told, availability })
        };
        Circle { assignee: Some(id(1)), lead: Some(id(2)), people: people.iter().map(person).collect() }
    }

    fn told(circle: &Circle, to: &[StepTo]) -> Vec<(MemberId, Option<MemberId>)> {
        let addressees = circle.addressees(to, Instant::from_microseconds(1));
        addressees.into_iter().map(|addressee| (addressee.member_id, addressee.stands_in_for)).collect()
    }

    #[test]
    fn somebody_is_always_told() {
        use Role::{Handler, Manager, Owner};
        use StepTo::{Assignee, Lead, Managers};
        let plain = circle(&[(1, Handler, true, None), (2, Handler, true, None), (3, Manager, true, None), (4, Owner, true, None)]);
        assert_eq!(told(&plain, &[Assignee, Lead]), [(id(1), None), (id(2), None)]);
        assert_eq!(told(&plain, &[Managers]), [(id(3), None)]);
        let without_managers =
            circle(&[(1, Handler, false, None), (2, Handler, false, None), (3, Manager, false, None), (4, Owner, true, None)]);
        assert_eq!(told(&without_managers, &[Assignee]), [(id(4), None)]);
        let without_assignee = circle(&[(1, Handler, false, None), (2, Handler, true, None)]);
        assert_eq!(told(&without_assignee, &[Assignee, Lead]), [(id(2), None)]);
    }

    #[test]
    fn stand_ins_are_followed_a_few_steps_and_never_in_a_circle() {
        use Role::Handler;
        use StepTo::{Assignee, Lead};
        let chain = circle(&[
            (1, Handler, true, Some(Some(5))),
            (2, Handler, true, None),
            (5, Handler, true, Some(Some(6))),
            (6, Handler, true, None),
        ]);
        assert_eq!(told(&chain, &[Assignee]), [(id(6), Some(id(1)))]);
        let around = circle(&[(1, Handler, true, Some(Some(5))), (2, Handler, true, None), (5, Handler, true, Some(Some(1)))]);
        assert_eq!(told(&around, &[Assignee]), [(id(1), None), (id(2), Some(id(1)))]);
        let nobody = circle(&[(1, Handler, true, Some(None)), (2, Handler, true, Some(None))]);
        assert_eq!(told(&nobody, &[Assignee]), [(id(1), None), (id(2), Some(id(1)))]);
        let suspended = circle(&[(1, Handler, true, Some(Some(5))), (2, Handler, true, None), (5, Handler, false, None)]);
        assert_eq!(told(&suspended, &[Assignee, Lead]), [(id(1), None), (id(2), None)]);
    }
}
