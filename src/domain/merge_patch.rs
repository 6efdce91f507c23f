//! Merge patches (RFC 7396): a field that is absent stays, `null` clears, a value replaces.

use serde::{Deserialize, Deserializer};

/// Reads a field that may be replaced but not cleared: `null` is refused, not overlooked.
///
/// # Errors
/// When it is null or of another type.
pub fn replacement<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A field of a merge patch that can be cleared.
#[derive(Debug, Clone, Default)]
pub enum Patch<T> {
    /// Leave it.
    #[default]
    Absent,
    /// Clear it.
    Null,
    /// Replace it.
    Value(T),
}

impl<T> Patch<T> {
    /// Applies it to what is kept.
    pub fn apply(self, kept: &mut Option<T>) {
        self.apply_with(kept, |value| value);
    }

    /// Applies it to what is kept in another form.
    pub fn apply_with<U>(self, kept: &mut Option<U>, convert: impl FnOnce(T) -> U) {
        match self {
            Self::Absent => {}
            Self::Null => *kept = None,
            Self::Value(value) => *kept = Some(convert(value)),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| value.map_or(Self::Null, Self::Value))
    }
}
