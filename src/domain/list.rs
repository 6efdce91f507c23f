//! Lists that came from outside: bounded, and without repetition where a repetition means nothing.

use super::field_rule::FieldRule;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::collections::BTreeSet;

/// A list of at most `MAX` elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T, const MAX: usize>(Vec<T>);

/// A list of at most `MAX` elements, all different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distinct<T, const MAX: usize>(List<T, MAX>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for List<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let list: Vec<T> = Vec::deserialize(deserializer)?;
        if list.len() <= MAX { Ok(Self(list)) } else { Err(D::Error::custom(FieldRule::TooMany.with(MAX))) }
    }
}

impl<'de, T: Deserialize<'de> + Ord, const MAX: usize> Deserialize<'de> for Distinct<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(Vec::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl<T: Ord, const MAX: usize> TryFrom<Vec<T>> for Distinct<T, MAX> {
    type Error = String;

    fn try_from(list: Vec<T>) -> Result<Self, String> {
        let different: BTreeSet<&T> = list.iter().collect();
        match () {
            () if list.len() > MAX => Err(FieldRule::TooMany.with(MAX)),
            () if different.len() < list.len() => Err(FieldRule::Twice.to_string()),
            () => Ok(Self(List(list))),
        }
    }
}

impl<T: Serialize, const MAX: usize> Serialize for List<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: Serialize, const MAX: usize> Serialize for Distinct<T, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T, const MAX: usize> List<T, MAX> {
    /// The elements, each brought into another form.
    #[must_use]
    pub fn into_vec<U: From<T>>(self) -> Vec<U> {
        self.0.into_iter().map(U::from).collect()
    }
}

impl<T, const MAX: usize> Distinct<T, MAX> {
    /// The elements, each brought into another form.
    #[must_use]
    pub fn into_vec<U: From<T>>(self) -> Vec<U> {
        self.0.into_vec()
    }
}

impl<T, const MAX: usize> Default for List<T, MAX> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MAX: usize> Default for Distinct<T, MAX> {
    fn default() -> Self {
        Self(List::default())
    }
}

impl<T, const MAX: usize> std::ops::Deref for List<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> std::ops::Deref for Distinct<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}
