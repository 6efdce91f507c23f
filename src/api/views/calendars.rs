//! Calendars on the wire.

use crate::domain::{
    calendar::{BUILT_IN_CALENDAR, CalendarRecord, OwnDay, PublishedYear, Zone},
    ids::MemberId,
    language::Language,
    time::{Day, Instant},
    vocabulary::{DayOff, WeekDay},
};
use serde::Serialize;
use utoipa::ToSchema;

/// A calendar of working days.
#[derive(Serialize, ToSchema)]
#[schema(as = Calendar)]
pub(in crate::api) struct CalendarView {
    /// The short name by which rules refer to it.
    #[schema(example = "cn")]
    key: String,
    /// Which revision of it; 0 when it is as it ships.
    #[schema(example = 1)]
    version: i64,
    /// In the caller's language.
    #[schema(example = "中国工作日")]
    name: String,
    built_in: bool,
    zone: Zone,
    #[schema(example = json!(["saturday", "sunday"]))]
    rest_days: Vec<WeekDay>,
    /// Whether rest days stay rest days on which the state makes up for a holiday.
    ignores_make_up_days: bool,
    /// Whether the days of the calendar `cn` hold in years that it has not published itself.
    based_on_built_in: bool,
    /// The years with published days. Whatever is counted through another year is provisional.
    years: Vec<CalendarYearView>,
    /// Single days that are otherwise than their year says.
    #[schema(example = json!([]))]
    days: Vec<OwnDayView>,
    #[schema(required, example = "按国务院办公厅通知补录")]
    note: Option<String>,
    #[schema(required)]
    changed_by: Option<MemberId>,
    #[schema(required)]
    created_at: Option<Instant>,
}

/// A year of a calendar.
#[derive(Serialize, ToSchema)]
#[schema(as = CalendarYear)]
pub(in crate::api) struct CalendarYearView {
    #[schema(example = 2026)]
    year: i16,
    /// The notice that published its days.
    #[schema(example = "https://www.gov.cn/zhengce/zhengceku/202511/content_7047091.htm")]
    source: String,
    /// Its days off and make-up working days; left out in lists.
    #[schema(required)]
    days: Option<Vec<CalendarDayView>>,
}

/// A day off or a make-up working day.
#[derive(Serialize, ToSchema)]
#[schema(as = CalendarDay)]
pub(in crate::api) struct CalendarDayView {
    date: Day,
    kind: DayOff,
    #[schema(example = "国庆节")]
    name: String,
}

/// A single day of a tenant's own.
#[derive(Serialize, ToSchema)]
#[schema(as = OwnDay)]
pub(in crate::api) struct OwnDayView {
    date: Day,
    kind: DayOff,
    #[schema(example = "壮族三月三")]
    name: String,
    #[schema(example = "广西壮族自治区人民政府公告")]
    source: String,
}

impl CalendarYearView {
    pub(in crate::api) fn new(year: i16, published: PublishedYear, whole: bool) -> Self {
        let days = published.days.into_iter().map(|(date, day)| CalendarDayView { date, kind: day.kind, name: day.name });
        Self { year, source: published.source, days: whole.then(|| days.collect()) }
    }
}

impl OwnDayView {
    pub(in crate::api) fn new(date: Day, own: OwnDay) -> Self {
        Self { date, kind: own.day.kind, name: own.day.name, source: own.source }
    }
}

impl CalendarView {
    pub(in crate::api) fn new(record: CalendarRecord, language: Language, whole: bool) -> Self {
        Self {
            built_in: record.key == BUILT_IN_CALENDAR,
            name: record.name.in_language(language).to_owned(),
            key: record.key,
            version: record.revision.into(),
            zone: record.zone,
            rest_days: record.rest_days,
            ignores_make_up_days: record.ignores_make_up_days,
            based_on_built_in: record.based_on_built_in,
            years: record.years.into_iter().map(|(year, published)| CalendarYearView::new(year, published, whole)).collect(),
            days: record.days.into_iter().map(|(date, own)| OwnDayView::new(date, own)).collect(),
            note: record.note,
            changed_by: record.changed_by,
            created_at: record.created_at,
        }
    }
}
