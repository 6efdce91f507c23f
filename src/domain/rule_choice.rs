//! Which version of which rule holds: chosen by the day of the trigger, never by the day on which it is entered.

use super::{
    content::Content,
    deadline_rule::{Rule, family_of},
    time::Day,
    vocabulary::{Channel, Platform},
};

/// A version of a rule, and whether it is only the nearest to a day on which none was in force.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chosen<'r> {
    /// The version.
    pub rule: &'r Rule,
    /// The trigger is older than the earliest version.
    pub early: bool,
}

impl Content {
    /// The version of a rule that holds on a day: the tenant's newest that is in force, else the built-in one, else the earliest one when the day
    /// lies before it.
    #[must_use]
    pub fn rule_on(&self, id: &str, day: Day) -> Option<Chosen<'_>> {
        let family = family_of(id);
        let versions = || self.rules.iter().filter(|rule| rule.family() == family);
        let in_force = versions().filter(|rule| rule.in_force(day)).max_by_key(|rule| (rule.number, rule.effective_from));
        if let Some(rule) = in_force {
            return Some(Chosen { rule, early: false });
        }
        let earliest = versions().min_by_key(|rule| (rule.effective_from, rule.number))?;
        earliest.effective_from.is_some_and(|from| day < from).then_some(Chosen { rule: earliest, early: true })
    }

    /// The rules that a trigger sets going, each in the version that holds on its day; rules for one act stand together, stated periods are left out.
    #[must_use]
    pub fn rules_for(&self, event: &str, day: Day, channels: &[Channel], platform: Platform) -> Vec<Vec<Chosen<'_>>> {
        let mut families: Vec<&str> = Vec::new();
        for rule in self.rules.iter().filter(|rule| rule.trigger_event == event) {
            if !families.contains(&rule.family()) {
                families.push(rule.family());
            }
        }
        let chosen = families.into_iter().filter_map(|family| self.rule_on(family, day));
        let chosen = chosen.filter(|chosen| {
            let rule = chosen.rule;
            rule.trigger_event == event && rule.period.is_some() && rule.extends.is_none() && rule.applies(channels, platform)
        });
        let mut acts: Vec<(&str, Vec<Chosen<'_>>)> = Vec::new();
        for choice in chosen {
            let act = choice.rule.alternative_of.as_deref().map_or(choice.rule.family(), family_of);
            match acts.iter_mut().find(|(known, _)| *known == act) {
                Some((_, same)) => same.push(choice),
                None => acts.push((act, vec![choice])),
            }
        }
        acts.into_iter().map(|(_, same)| same).collect()
    }

    /// The rules that extend the deadlines of a rule.
    pub fn extensions_of(&self, id: &str, day: Day) -> impl Iterator<Item = &Rule> {
        let family = family_of(id).to_owned();
        self.rules.iter().filter(move |rule| rule.extends.as_deref().is_some_and(|of| family_of(of) == family) && rule.in_force(day))
    }
}
