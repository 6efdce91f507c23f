//! The rules that a single field can break, with their words in both languages.

use super::{language::Language, vocabulary::vocabulary};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

vocabulary! {
    /// A rule about one field.
    FieldRule {
        /// It names something that is absent or out of reach.
        NotFound = "not_found",
        /// It names a draft.
        NotPublished = "not_published",
        /// It contradicts the path.
        Contradicts = "contradicts",
        /// It must be given.
        Required = "required",
        /// It must not be given here.
        NotAllowed = "not_allowed",
        /// There is no such field or parameter.
        UnknownField = "unknown_field",
        /// It has another JSON type.
        WrongType = "wrong_type",
        /// It is not one of the known words.
        UnknownWord = "unknown_word",
        /// It lies before something that it must follow.
        TooEarly = "too_early",
        /// It exists already.
        Taken = "taken",
        /// It has too many elements.
        TooMany = "too_many",
        /// It is empty.
        Empty = "empty",
        /// It is too long.
        TooLong = "too_long",
        /// It is too short.
        TooShort = "too_short",
        /// It holds a character that hides or reorders text.
        ForbiddenCharacter = "forbidden_character",
        /// It is not an e-mail address.
        NotAnEmail = "not_an_email",
        /// It is not a moment.
        NotAMoment = "not_a_moment",
        /// It is not a day.
        NotADay = "not_a_day",
        /// It lies outside what can be meant.
        OutOfRange = "out_of_range",
        /// Its last character does not check the others.
        CheckCharacter = "check_character",
        /// It is given twice.
        Twice = "twice",
        /// It is anything else that cannot be read.
        Malformed = "malformed",
    }
}

impl FieldRule {
    /// The rule with its parameter as one string, which survives a deserializer: `too_long|40`.
    #[must_use]
    pub fn with(self, parameter: impl std::fmt::Display) -> String {
        format!("{self}|{parameter}")
    }

    /// Reads what [`Self::with`] or `to_string` wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<(Self, &str)> {
        let (code, parameter) = text.split_once('|').unwrap_or((text, ""));
        code.parse().ok().map(|rule| (rule, parameter))
    }

    /// The rule in words.
    #[must_use]
    pub fn message(self, language: Language, parameter: &str) -> String {
        let (zh, en) = match self {
            Self::NotFound => ("所指的对象不存在或不可访问", "names something that does not exist or is out of reach"),
            Self::NotPublished => ("所指的预案尚未发布", "names a draft, which must be published first"),
            Self::Contradicts => ("与请求路径不一致", "is not what the path says"),
            Self::Required => ("必须填写", "is required"),
            Self::NotAllowed => ("此处不允许填写", "is not allowed here"),
            Self::UnknownField => ("没有这个字段或参数", "is not a known field or parameter"),
            Self::WrongType if parameter.is_empty() => ("类型不正确", "has the wrong type"),
            Self::WrongType => ("类型不正确：{}", "has the wrong type: {}"),
            Self::UnknownWord => ("必须是以下之一：{}", "must be one of {}"),
            Self::TooEarly => ("早于其必须晚于的时间", "lies before something that it must follow"),
            Self::Taken => ("已经存在", "exists already"),
            Self::TooMany if parameter.is_empty() => ("数量过多", "has too many elements"),
            Self::OutOfRange if parameter.is_empty() => ("超出允许的范围", "lies outside the allowed range"),
            Self::TooMany => ("数量过多，最多 {} 个", "has too many elements, at most {} are allowed"),
            Self::Empty => ("不能为空", "must not be empty"),
            Self::TooLong => ("过长，最多 {} 个字符", "is too long, at most {} characters are allowed"),
            Self::TooShort => ("过短，至少 {} 个字符", "is too short, at least {} characters are needed"),
            Self::ForbiddenCharacter => ("含有不允许的字符 {}", "contains the character {}, which is not allowed"),
            Self::NotAnEmail => ("不是电子邮件地址", "is not an e-mail address"),
            Self::NotAMoment => ("不是带时区的时间，例如 2026-11-22T09:30:00+08:00", "is not a moment such as 2026-11-22T09:30:00+08:00"),
            Self::NotADay => ("不是日期，例如 2026-11-22", "is not a day such as 2026-11-22"),
            Self::OutOfRange => ("超出允许的范围 {}", "lies outside the allowed range {}"),
            Self::CheckCharacter => ("校验位不符，请核对是否输错", "does not agree with its check character: one character is mistyped"),
            Self::Twice => ("重复填写", "is given twice"),
            Self::Malformed => ("无法识别：{}", "cannot be read: {}"),
        };
        match language {
            Language::Chinese => zh,
            Language::English => en,
        }
        .replace("{}", parameter)
    }
}
