//! Shops and the legal entities behind them.

use super::{field_rule::FieldRule, ids::ShopId, time::Instant, vocabulary::Platform};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// A store on one platform, belonging to a legal entity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shop {
    /// Its id.
    pub id: ShopId,
    /// Its name.
    pub name: String,
    /// Where it trades.
    pub platform: Platform,
    /// Its id on the platform.
    pub platform_shop_id: Option<String>,
    /// The name of the legal entity.
    pub legal_entity: String,
    /// The entity's unified social credit code.
    pub credit_code: Option<CreditCode>,
    /// What the tenant's own systems keep with it.
    pub metadata: BTreeMap<String, String>,
    /// Rises with every change.
    pub version: i64,
    /// When it was registered.
    pub created_at: Instant,
    /// When it was last changed.
    pub updated_at: Instant,
}

/// A 统一社会信用代码: 18 characters, the last of which checks the others (GB 32100-2015).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

/// The characters of the code in the order of their values: no I, O, S, V, Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

impl CreditCode {
    /// The check character of the first 17: `31 - (sum of value * 3^position mod 31) mod 31` (GB 32100-2015, 4.6).
    fn check_character(body: &[u8]) -> Option<u8> {
        let mut weight = 1;
        let mut sum = 0;
        for c in body {
            sum += ALPHABET.iter().position(|known| known == c)? * weight;
            weight = weight * 3 % 31;
        }
        ALPHABET.get((31 - sum % 31) % 31).copied()
    }
}

impl TryFrom<String> for CreditCode {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let code = text.trim().to_ascii_uppercase();
        let Some((check, body)) = code.as_bytes().split_last().filter(|(_, body)| body.len() == 17) else {
            return Err(if text.trim().len() < 18 { FieldRule::TooShort.with(18) } else { FieldRule::TooLong.with(18) });
        };
        match Self::check_character(body) {
            None => Err(FieldRule::Malformed.with("0-9, A-Z, not I O S V Z")),
            Some(expected) if expected != *check => Err(FieldRule::CheckCharacter.to_string()),
            Some(_) => Ok(Self(code)),
        }
    }
}

impl std::str::FromStr for CreditCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl std::fmt::Display for CreditCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CreditCode> for String {
    fn from(code: CreditCode) -> Self {
        code.0
    }
}

impl PartialSchema for CreditCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(18))
            .max_length(Some(18))
            .examples(["91350100M000100Y43"])
            .description(Some("统一社会信用代码; its check character is verified (GB 32100-2015)."))
            .into()
    }
}

impl ToSchema for CreditCode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credit_codes_are_checked() {
        // The example of the standard, and codes of well-known companies.
        for good in ["91350100M000100Y43", "9144030071526726XG", "91330100799655058B", " 91350100m000100y43"] {
            assert!(CreditCode::try_from(good.to_owned()).is_ok(), "{good}");
        }
        for bad in [
            "",
            "91350100M000100Y4",
            "91350100M000100Y44",
            "91350100M000100Y34",
            "9135010OM000100Y43",
            "九1350100M000100Y43",
            "91350100M000100Y433",
        ] {
            assert!(CreditCode::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
