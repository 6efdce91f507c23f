//! Text that came from outside: bounded, and free of characters that lie about what they show.

use super::field_rule::FieldRule;
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr,
        schema::{Schema, Type},
    },
};

/// Control characters, and the invisible ones that reorder or hide text (Unicode TR 36): a name that holds them shows something else than it is.
fn deceives(c: char, multi_line: bool) -> bool {
    let allowed_break = multi_line && matches!(c, '\n' | '\t');
    (c.is_control() && !allowed_break)
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn checked(text: &str, max: usize, multi_line: bool) -> Result<String, String> {
    let text = if multi_line { text.replace("\r\n", "\n") } else { text.to_owned() };
    let text = text.trim();
    let length = text.chars().take(max + 1).count();
    if length == 0 {
        return Err(FieldRule::Empty.to_string());
    }
    if length > max {
        return Err(FieldRule::TooLong.with(max));
    }
    if let Some(c) = text.chars().find(|c| deceives(*c, multi_line)) {
        return Err(FieldRule::ForbiddenCharacter.with(format!("U+{:04X}", u32::from(c))));
    }
    Ok(text.to_owned())
}

macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $multi_line:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name<const MAX: usize>(String);

        impl<const MAX: usize> TryFrom<String> for $name<MAX> {
            type Error = String;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                checked(&text, MAX, $multi_line).map(Self)
            }
        }

        impl<const MAX: usize> From<$name<MAX>> for String {
            fn from(text: $name<MAX>) -> Self {
                text.0
            }
        }

        impl<const MAX: usize> std::ops::Deref for $name<MAX> {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<const MAX: usize> PartialSchema for $name<MAX> {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX)).into()
            }
        }

        impl<const MAX: usize> ToSchema for $name<MAX> {
            /// Each bound is a schema of its own.
            fn name() -> std::borrow::Cow<'static, str> {
                format!("{}{MAX}", stringify!($name)).into()
            }
        }
    };
}

bounded_text! {
    /// One line of 1 to `MAX` characters, trimmed.
    Line, false
}
bounded_text! {
    /// Text of 1 to `MAX` characters that may have several lines, trimmed.
    Prose, true
}

/// A short name for machines and people alike: 1 to 40 ASCII letters, digits, `-` and `_`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

impl TryFrom<String> for Slug {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if fits { Ok(Self(text)) } else { Err(FieldRule::Malformed.with("A–Z a–z 0–9 - _, 1–40")) }
    }
}

impl std::str::FromStr for Slug {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.to_owned().try_into()
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl std::ops::Deref for Slug {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialSchema for Slug {
    fn schema() -> RefOr<Schema> {
        let about = "A short name for machines and people alike: ASCII letters, digits, `-` and `_`.";
        ObjectBuilder::new().schema_type(Type::String).pattern(Some("^[A-Za-z0-9_-]{1,40}$")).description(Some(about)).into()
    }
}

impl ToSchema for Slug {}

/// An e-mail address, folded to lower case, which is what identifies a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl TryFrom<String> for Email {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = checked(&text, 254, false)?.to_lowercase();
        let plausible = text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && !host.contains('@') && host.split('.').all(|label| !label.is_empty()) && host.contains('.')
        });
        if plausible && !text.contains(char::is_whitespace) { Ok(Self(text)) } else { Err(FieldRule::NotAnEmail.to_string()) }
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl std::ops::Deref for Email {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl PartialSchema for Email {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("email".into())))
            .description(Some("An e-mail address, folded to lower case."))
            .examples(["li.lei@agency.example"])
            .max_length(Some(254))
            .into()
    }
}

impl ToSchema for Email {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lie_are_refused() {
        for text in ["", "  ", "a\0b", "a\nb", "evil\u{202e}gnp.exe", "zero\u{200b}width", "abcdef"] {
            assert!(Line::<5>::try_from(text.to_owned()).is_err(), "{text:?}");
        }
        assert!(Line::<5>::try_from(" 旗舰店 ".to_owned()).is_ok_and(|name| &*name == "旗舰店"));
        assert!(Prose::<9>::try_from("one\r\ntwo".to_owned()).is_ok_and(|text| &*text == "one\ntwo"));
    }

    #[test]
    fn addresses_are_folded() {
        assert!(Email::try_from("Li.Lei@Example.COM".to_owned()).is_ok_and(|e| &*e == "li.lei@example.com"));
        for text in ["", "a", "a@", "@b.c", "a@b@c.d", "a b@c.d", "a@b..c"] {
            assert!(Email::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }
}
