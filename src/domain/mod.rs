//! What is true: the rules of the product as pure values and functions.
//!
//! Nothing here reads a clock, a file, a socket or a row. Time, ids and records come in as arguments, decisions go out as values.

pub mod access;
pub mod availability;
pub mod blocker;
pub mod branch;
pub mod calendar;
pub mod calendar_feed;
pub mod case;
pub mod comment;
pub mod complaint;
pub mod computation;
pub mod content;
pub mod deadline;
pub mod deadline_rule;
pub mod explanation;
pub mod field_rule;
pub mod grant;
pub mod ids;
pub mod journal;
pub mod ladder;
pub mod language;
pub mod list;
pub mod member;
pub mod merge_patch;
pub mod notice;
pub mod notification_channel;
pub mod period;
pub mod playbook;
pub mod public_key;
pub mod recipients;
pub mod register;
pub mod register_file;
pub mod reminder;
pub mod rule_choice;
pub mod shop;
pub mod stage;
pub mod task;
pub mod text;
pub mod time;
pub mod trigger;
pub mod violation;
pub mod vocabulary;
