//! The two languages of everything that a person reads.

use super::vocabulary::vocabulary;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// A language of the product, by its BCP 47 tag.
    Language {
        /// Simplified Chinese, the default.
        Chinese = "zh-CN",
        /// English.
        English = "en",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro has no place for the mark of a default")]
impl Default for Language {
    fn default() -> Self {
        Self::Chinese
    }
}

impl Language {
    /// Its BCP 47 tag.
    #[must_use]
    pub fn tag(self) -> &'static str {
        self.as_str()
    }

    /// The best of both for an `Accept-Language` header (RFC 9110 §12.5.4); what is not understood counts as no preference.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        let quality = |range: &str| -> Option<(Self, f32)> {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next()?.to_ascii_lowercase();
            let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
            let language = match tag.split('-').next()? {
                "zh" | "*" => Self::Chinese,
                "en" => Self::English,
                _ => return None,
            };
            (weight > 0.0).then_some((language, weight))
        };
        let mut best = (Self::default(), 0.0);
        for candidate in header.split(',').take(32).filter_map(quality) {
            if candidate.1 > best.1 {
                best = candidate;
            }
        }
        best.0
    }
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Bilingual {
    /// Simplified Chinese.
    #[schema(example = "导出涉案期间全部订单(不筛选)")]
    pub zh: String,
    /// English.
    #[schema(example = "Export all orders of the period, unfiltered")]
    pub en: String,
}

impl Bilingual {
    /// Somebody's own words, which are the same in both languages, or else these.
    #[must_use]
    pub fn own_or(own: Option<&str>, or: Option<&Self>) -> Self {
        match (own, or) {
            (Some(own), _) => Self { zh: own.to_owned(), en: own.to_owned() },
            (None, Some(text)) => text.clone(),
            (None, None) => Self { zh: String::new(), en: String::new() },
        }
    }

    /// The text in one of them.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Chinese => &self.zh,
            Language::English => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, Chinese, English};

    #[test]
    fn the_preferred_of_both_languages_is_chosen() {
        for (header, expected) in [
            ("", Chinese),
            ("en", English),
            ("en-GB,zh;q=0.5", English),
            ("fr, en;q=0.3", English),
            ("zh-Hant;q=0.9, en;q=0.8", Chinese),
            ("en;q=0, *", Chinese),
            ("en;q=abc", Chinese),
            ("*", Chinese),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }
}
