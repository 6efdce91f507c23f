//! The shape of the code: floors, purity, authority, names and dependencies, held by reading the source and the lock file.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// The floors from the roof to the ground, and what of the crate each may use besides itself: only what stands below it.
const FLOORS: &[(&str, &str)] = &[
    ("main", "server api jobs demo usecases store limits auth clock config health verify domain"),
    ("server", "api jobs demo usecases store outbound limits auth clock config domain"),
    ("jobs", "usecases store outbound limits clock domain"),
    ("api", "usecases store outbound limits auth clock domain"),
    ("demo", "usecases store limits auth clock domain"),
    ("usecases", "store outbound limits auth clock domain"),
    ("store", "limits auth clock domain"),
    ("limits", "auth::attempts auth::passwords"),
    ("auth", "clock domain"),
    ("clock", "domain::ids domain::time"),
    ("config", ""),
    ("health", ""),
    ("verify", "domain"),
    ("outbound", ""),
    ("domain", ""),
];

/// What stands in a file where it makes circles, with the reason: imports of it are not counted. This list may only shrink.
const MISPLACED: &[(&str, &str)] = &[("api::operations::document_text", "the document is served by an operation that it lists")];

/// Whoever names these reads a clock, a file, a socket or a row. A Diesel derive cannot be had without naming `diesel`.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::time::SystemTime",
    "std::time::Instant",
    "jiff::tz::TimeZone::system",
    "tokio",
    "actix_web",
    "diesel",
    "reqwest",
];

/// What stands in these files of `src` and nowhere else, where it is defined apart. `Name::{` is a value made of its fields.
const ONLY_IN: &[(&str, &[&str])] = &[
    // Time, ids and randomness come from one file, so that tests can move the clock.
    ("Timestamp::now", &["clock.rs"]),
    ("Zoned::now", &[]),
    ("SystemTime::now", &[]),
    ("Uuid::now_v7", &[]),
    ("Uuid::new_v7", &["clock.rs"]),
    ("Uuid::new_v4", &[]),
    ("SystemRandom", &["clock.rs"]),
    // Authority: who makes a scope decides what a caller reaches.
    ("Scope::{", &["store/authorize.rs", "store/identity.rs", "store/mod.rs"]),
    ("as_owner", &["demo.rs"]),
    ("by_itself", &["jobs/deadlines.rs", "jobs/messages.rs"]),
    ("before_login", &["demo.rs", "usecases/members.rs", "usecases/sessions.rs", "usecases/tenants.rs"]),
    // Writes without a journal entry.
    (
        "beside_the_record",
        &[
            "store/queries/alarms.rs",
            "store/queries/cases.rs",
            "store/queries/deadline_register.rs",
            "store/queries/deadlines.rs",
            "store/queries/deliveries.rs",
            "store/queries/hand_overs.rs",
            "store/queries/idempotency.rs",
            "store/queries/members.rs",
            "store/queries/playbooks.rs",
            "store/queries/reminders.rs",
            "store/queries/tenants.rs",
        ],
    ),
];

/// Names that say nothing about what a file is for.
const EMPTY_NAMES: &[&str] = &["utils", "helpers", "common", "manager", "service", "types", "handlers"];

/// Marks of unfinished work, spelled so that this file has none.
const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")];

/// Lines of a file in `src`. Past `MANY` it usually holds a second noun; more than `MOST` is refused.
const MANY: usize = 400;
const MOST: usize = 700;

#[test]
fn imports_run_downwards() {
    for (height, (floor, uses)) in FLOORS.iter().enumerate() {
        for used in uses.split_whitespace() {
            let below = FLOORS[height + 1..].iter().any(|(below, _)| begins(used, below));
            assert!(below, "{used} does not stand below {floor} in the table");
        }
    }
    let source = Source::read();
    none(source.named.iter().filter_map(|named| {
        let (floor, path) = (top(&named.module), source.resolve(named));
        let used = path.strip_prefix("crate::")?;
        let allowed = FLOORS.iter().find(|(name, _)| *name == floor).map_or("", |(_, uses)| uses);
        let may = top(&path) == floor || allowed.split_whitespace().any(|allowed| begins(used, allowed));
        (!may).then(|| format!("{}: {floor} may not use {used}", named.file))
    }));
}

#[test]
fn inside_a_floor_imports_run_in_no_circle() {
    let source = Source::read();
    let imports = source.imports_inside_floors();
    let misplaced = || MISPLACED.iter().flat_map(|(items, _)| items.split_whitespace());
    let (left_out, counted): (Vec<_>, Vec<_>) = imports.iter().partition(|import| misplaced().any(|item| begins(&import.item, item)));
    none(circles(&counted).iter().map(|circle| {
        let inside = counted.iter().filter(|import| circle.contains(import.from) && circle.contains(import.to));
        let lines = inside.map(|Import { from, to, item }| format!("\n    {from} -> {to}: {item}"));
        format!("a circle of {} files:{}", circle.len(), lines.collect::<String>())
    }));
    let makes_one = |item: &str| {
        let back = left_out.iter().filter(|import| begins(&import.item, item));
        !circles(&counted.iter().chain(back).copied().collect::<Vec<_>>()).is_empty()
    };
    none(misplaced().filter(|item| !makes_one(item)).map(|item| format!("{item} makes no circle any more: take it off the list")));
}

#[test]
fn the_domain_is_pure() {
    let source = Source::read();
    none(source.named.iter().filter(|named| top(&named.module) == "domain").filter_map(|named| {
        let path = source.resolve(named);
        IMPURE.iter().any(|impure| begins(&path, impure)).then(|| format!("{}: {path}", named.file))
    }));
}

#[test]
fn time_authority_and_silent_writes_stay_where_they_belong() {
    let source = Source::read();
    none(ONLY_IN.iter().flat_map(|(what, files)| {
        let names_it = |named: &&Named| format!("::{}::", source.resolve(named)).contains(&format!("::{what}::"));
        let found: BTreeSet<&str> = source.named.iter().filter(names_it).map(|named| &*named.file).collect();
        let allowed: BTreeSet<&str> = files.iter().copied().collect();
        let strays = found.difference(&allowed).map(|file| format!("{file}: no place for `{what}`"));
        let gone = allowed.difference(&found).map(|file| format!("{file}: no `{what}` any more; take it off the table"));
        strays.chain(gone).collect::<Vec<_>>()
    }));
}

#[test]
fn every_file_says_what_it_is_for() {
    let silent = files("src").into_iter().filter(|(_, text)| !text.starts_with("//! "));
    none(silent.map(|(file, _)| format!("{file} does not begin with `//!`")));
}

#[test]
fn every_name_says_something() {
    none(files("src").into_keys().filter(|file| file.split(['/', '.']).any(|part| EMPTY_NAMES.contains(&part))));
}

#[test]
fn nothing_is_left_unfinished() {
    none(["src", "tests"].into_iter().flat_map(files).flat_map(|(file, text)| {
        UNFINISHED.iter().filter(|mark| text.contains(**mark)).map(|mark| format!("{file}: {mark}")).collect::<Vec<_>>()
    }));
}

#[test]
fn no_file_is_too_long() {
    let lengths: Vec<_> = files("src").into_iter().map(|(file, text)| (file, text.lines().count())).collect();
    let longer = |than| lengths.iter().filter(|(_, lines)| *lines > than).collect::<Vec<_>>();
    assert!(longer(MOST).is_empty(), "more than {MOST} lines: {:#?}\nmore than {MANY}: {:#?}", longer(MOST), longer(MANY));
}

/// Fails with all violations, one on each line.
fn none(violations: impl Iterator<Item = String>) {
    let violations: BTreeSet<_> = violations.collect();
    assert!(violations.is_empty(), "\n{}", violations.into_iter().collect::<Vec<_>>().join("\n"));
}

/// The Rust files of a folder, by their path in it, with their text.
fn files(folder: &str) -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    let (root, mut found) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), BTreeMap::new());
    walk(&root, &root, &mut found);
    found
}

/// The floor of an absolute path.
fn top(path: &str) -> &str {
    path.split("::").nth(1).unwrap_or("lib")
}

/// Whether a path is this one or leads on from it.
fn begins(path: &str, with: &str) -> bool {
    path.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// A path and what follows it, either of which may be empty.
fn join(path: &str, rest: &str) -> String {
    [path, rest].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("::")
}

/// The sets of files that reach each other.
fn circles<'a>(imports: &[&Import<'a>]) -> BTreeSet<BTreeSet<&'a str>> {
    let mut next: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for import in imports {
        next.entry(import.from).or_default().insert(import.to);
    }
    let reached = |start| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
        while let Some(file) = open.pop() {
            open.extend(next.get(file).into_iter().flatten().filter(|to| seen.insert(**to)));
        }
        seen
    };
    let reach: BTreeMap<_, _> = next.keys().map(|file| (*file, reached(file))).collect();
    let back = |file: &str, other: &str| reach.get(other).is_some_and(|reached| reached.contains(file));
    let circle = |(file, reached): (&&str, &BTreeSet<&'a str>)| reached.iter().copied().filter(|other| back(file, other)).collect();
    reach.iter().map(circle).filter(|circle: &BTreeSet<_>| !circle.is_empty()).collect()
}

/// A path that a file names.
struct Named {
    file: String,
    /// The module around it, from the root: `crate::store::tx`. The command line is `crate::main`.
    module: String,
    /// As it is written, `use` trees unfolded.
    path: String,
    /// Whether this only passes a name on to others.
    re_export: bool,
}

/// One file of a floor uses what is written in another.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Import<'a> {
    from: &'a str,
    to: &'a str,
    /// Named after the file: `store::queries::cases::find`, whichever database it is compiled for.
    item: String,
}

/// All of `src`, macros included, as far as paths go.
#[derive(Default)]
struct Source {
    /// The file of each module. The query files are two modules each, one for each database.
    files: BTreeMap<String, String>,
    /// What `use` brings into a module, by the name that it has there.
    uses: BTreeMap<(String, String), String>,
    named: Vec<Named>,
}

impl Source {
    fn read() -> Self {
        let (texts, mut source) = (files("src"), Self::default());
        let mut next = vec![("crate".to_owned(), "lib.rs".to_owned()), ("crate::main".to_owned(), "main.rs".to_owned())];
        while let Some((module, file)) = next.pop() {
            let declared = source.scan(&module, &file, &words(texts[&file].parse().unwrap()));
            next.extend(declared.into_iter().map(|(module, places)| {
                let file = places.into_iter().find(|place| texts.contains_key(place));
                file.map(|file| (module.clone(), file)).unwrap_or_else(|| panic!("{module} has no file"))
            }));
            source.files.insert(module, file);
        }
        none(texts.keys().filter(|text| !source.files.values().any(|file| file == *text)).map(|file| format!("{file} is no module")));
        source
    }

    /// Takes in a file's words; gives the modules that it declares, each with the places where its file may be.
    fn scan(&mut self, module: &str, file: &str, words: &[String]) -> Vec<(String, Vec<String>)> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let beside = file.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        let below = if file == "lib.rs" { String::new() } else { format!("{}/", file.trim_end_matches("/mod.rs").trim_end_matches(".rs")) };
        let (mut declared, mut given) = (Vec::new(), None);
        // The blocks around a word: in which module it is, and what `Self` is there. `opens` belongs to the next `{`.
        let (mut blocks, mut opens) = (vec![(module.to_owned(), "Self")], None);
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let (module, me) = blocks.last().unwrap().clone();
            let before = if at == 0 { ";" } else { words[at - 1] };
            let (around, named) = (module.clone(), &mut self.named);
            let mut names = |path, re_export| named.push(Named { file: file.to_owned(), module: around.clone(), path, re_export });
            at += match &words[at..] {
                ["#", "[", "path", "=", path, "]", ..] => {
                    given = Some(vec![format!("{beside}{}", path.trim_matches('"'))]);
                    6
                }
                ["mod", name, ";", ..] => {
                    let places = given.take().unwrap_or_else(|| vec![format!("{below}{name}.rs"), format!("{below}{name}/mod.rs")]);
                    declared.push((join(&module, name), places));
                    3
                }
                ["mod", name, "{", ..] => {
                    opens = Some((join(&module, name), me));
                    2
                }
                // A list of modules in a macro, and Diesel's tables, which are modules too.
                ["mod", "$", name, "{", ..] | ["diesel", "::", name, "!", "{", ..] => {
                    opens = Some((join(&module, name), me));
                    3 + usize::from(*word == "diesel")
                }
                ["impl", head @ ..] if ["}", "{", ";", "]", "unsafe"].contains(&before) => {
                    let end = head.iter().position(|word| *word == "{").unwrap();
                    opens = Some((module, head[end - 1]));
                    1
                }
                ["{", ..] => {
                    blocks.push(opens.take().unwrap_or((module, me)));
                    1
                }
                ["}", ..] => {
                    blocks.pop();
                    1
                }
                // Where it can be seen is not what it uses.
                ["pub", "(", rest @ ..] => 3 + rest.iter().position(|word| *word == ")").unwrap(),
                ["fn" | "struct" | "enum" | "trait" | "type", name, ..] if is_name(name) => 2,
                ["use", next, ..] if *next != "<" => {
                    let mut found = Vec::new();
                    let taken = tree(&words[at + 1..], "", &mut found);
                    for (path, name) in found {
                        names(path.clone(), ["pub", ")"].contains(&before));
                        self.uses.insert((module.clone(), name), path);
                    }
                    1 + taken
                }
                [first, rest @ ..] if is_name(first) => {
                    let more = rest.chunks_exact(2).take_while(|pair| pair[0] == "::" && is_name(pair[1])).count();
                    let first = if *first == "Self" { me } else { first };
                    let path = first.to_owned() + &rest[..2 * more].concat();
                    // What comes of it: a value made of its fields, or a name that a macro fills in.
                    let end = match &rest[2 * more..] {
                        ["{", ".", ".", ..] => "::{",
                        ["{", field, ":" | ",", ..] if is_name(field) => "::{",
                        ["::", "$", ..] => "::$",
                        _ => "",
                    };
                    names(path + end, false);
                    1 + 2 * more
                }
                _ => 1,
            };
        }
        declared
    }

    /// What is named: an absolute path when it leads into this crate, else as the outside has it.
    fn resolve(&self, named: &Named) -> String {
        self.resolve_in(&named.module, &named.path)
    }

    fn resolve_in(&self, module: &str, path: &str) -> String {
        let (first, rest) = path.split_once("::").unwrap_or((path, ""));
        match first {
            "crate" | "rejoinder" => join("crate", rest),
            "self" => join(module, rest),
            "super" => match module.rsplit_once("::").unwrap().0 {
                parent if begins(rest, "super") => self.resolve_in(parent, rest),
                parent => join(parent, rest),
            },
            _ if !rest.is_empty() && self.files.contains_key(&join(module, first)) => join(module, path),
            _ => match self.uses.get(&(module.to_owned(), first.to_owned())) {
                Some(used) if !begins(used, first) => join(&self.resolve_in(module, used), rest),
                _ => path.to_owned(),
            },
        }
    }

    /// The file in which it is written what an absolute path names, and what is left of the path there; what is passed on is followed.
    fn home(&self, path: &str) -> Option<(&str, String)> {
        let mut module = "crate".to_owned();
        let mut rest = path.strip_prefix("crate::")?;
        while !rest.is_empty() {
            let (first, then) = rest.split_once("::").unwrap_or((rest, ""));
            if self.files.contains_key(&join(&module, first)) {
                (module, rest) = (join(&module, first), then);
            } else if let Some(used) = self.uses.get(&(module.clone(), first.to_owned())) {
                return self.home(&join(&self.resolve_in(&module, used), then));
            } else {
                break;
            }
        }
        self.files.get(&module).map(|file| (&**file, rest.to_owned()))
    }

    /// The imports from one file of a floor to another of the same floor.
    fn imports_inside_floors(&self) -> BTreeSet<Import<'_>> {
        let floor = |file: &str| file.split(['/', '.']).next().map(str::to_owned);
        let counted = self.named.iter().filter(|named| !named.re_export).filter_map(|named| {
            let (to, rest) = self.home(&self.resolve(named)).filter(|(_, rest)| !rest.is_empty())?;
            let item = join(&to.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::"), &rest);
            Some(Import { from: &named.file, to, item })
        });
        counted.filter(|import| import.from != import.to && floor(import.from) == floor(import.to)).collect()
    }
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The paths of a `use`, each with the name that it brings; gives how many words they are.
fn tree(words: &[&str], prefix: &str, found: &mut Vec<(String, String)>) -> usize {
    match words {
        ["{", ..] => {
            let mut at = 1;
            while words[at] != "}" {
                at += if words[at] == "," { 1 } else { tree(&words[at..], prefix, found) };
            }
            at + 1
        }
        [name, "::", rest @ ..] => 2 + tree(rest, &join(prefix, name), found),
        ["$" | "::", rest @ ..] => 1 + tree(rest, prefix, found),
        [name, rest @ ..] => {
            let path = if *name == "self" { prefix.to_owned() } else { join(prefix, name) };
            let (alias, taken) = if let ["as", alias, ..] = rest { (*alias, 3) } else { (path.rsplit("::").next().unwrap(), 1) };
            found.push((path.clone(), alias.to_owned()));
            taken
        }
        [] => 0,
    }
}

/// The words of Rust, without comments: names, literals, brackets and punctuation, of which only `::` is longer than a character.
fn words(text: TokenStream) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut colon = false;
    for token in text {
        let second = colon && matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':');
        colon = !second && matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ':' && punct.spacing() == Spacing::Joint);
        match token {
            _ if second => words.last_mut().unwrap().push(':'),
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                words.push(open.to_owned());
                words.extend(self::words(group.stream()));
                words.push(close.to_owned());
            }
            other => words.push(other.to_string()),
        }
    }
    words
}

/// What is built on: `deny.toml` says what may be, for cargo-deny and for these tests.
mod dependencies {
    use super::{BTreeSet, none};
    use std::{iter::Peekable, process::Command};

    const DENY: &str = include_str!("../deny.toml");

    /// Crates without a licence expression, with the one that their files amount to.
    const CLARIFIED: &[(&str, &str)] = &[];

    #[test]
    fn every_dependency_has_a_licence_we_accept() {
        let (packages, allow) = (packages(), list("allow"));
        none(packages.iter().filter_map(|package| match &package.licence {
            Some(licence) if met(licence, &allow) => None,
            licence => Some(format!("{}: {}", package.name, licence.as_deref().unwrap_or("no licence"))),
        }));
        none(allow.iter().filter(|licence| licence.contains("GPL")).map(|licence| format!("{licence} asks for more than we can give")));
        let met_without = |licence: &&&str| {
            let others = allow.iter().copied().filter(|other| other != *licence).collect();
            packages.iter().filter_map(|package| package.licence.as_deref()).all(|licence| met(licence, &others))
        };
        none(allow.iter().filter(met_without).map(|licence| format!("{licence} is not needed: take it off the list")));
    }

    #[test]
    fn every_dependency_comes_from_the_registry() {
        let registries = list("allow-registry");
        none(packages().into_iter().filter_map(|package| {
            let source = package.source.unwrap_or("a folder".to_owned());
            let known = source.strip_prefix("registry+").is_some_and(|registry| registries.contains(registry));
            (!known).then(|| format!("{} comes from {source}", package.name))
        }));
        assert!(list("allow-git").is_empty());
    }

    #[test]
    fn licence_expressions_mean_what_spdx_says() {
        for (expression, expected) in [
            ("MIT", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("GPL-3.0-only/MIT", true),
            ("GPL-3.0-only AND MIT", false),
            ("MIT OR ISC AND GPL-3.0-only", true),
            ("(MIT OR ISC) AND GPL-3.0-only", false),
            ("ISC AND (GPL-3.0-only OR (MIT))", true),
            ("ISC WITH Some-exception", true),
            ("MIT WITH Some-exception", false),
        ] {
            assert_eq!(met(expression, &BTreeSet::from(["MIT", "ISC", "ISC WITH Some-exception"])), expected, "{expression}");
        }
    }

    struct Package {
        name: String,
        licence: Option<String>,
        source: Option<String>,
    }

    /// All packages of the lock file but this one, for every feature and platform.
    fn packages() -> Vec<Package> {
        let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
        let mut metadata = Command::new(cargo);
        metadata.args(["metadata", "--format-version", "1", "--all-features", "--locked"]);
        let output = metadata.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo runs");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let packages = metadata["packages"].as_array().unwrap().iter().map(|package| {
            let text = |field: &str| package[field].as_str().map(str::to_owned);
            let name = text("name").unwrap();
            let clarified = CLARIFIED.iter().find(|(clarified, _)| *clarified == name).map(|(_, licence)| (*licence).to_owned());
            Package { licence: text("license").or(clarified), source: text("source"), name }
        });
        packages.filter(|package| package.name != env!("CARGO_PKG_NAME")).collect()
    }

    /// A list of `deny.toml`.
    fn list(key: &str) -> BTreeSet<&'static str> {
        let start = DENY.find(&format!("\n{key} = [")).expect("the list is there");
        let lines = DENY[start..].split(']').next().unwrap().lines().map(|line| line.split('#').next().unwrap());
        lines.flat_map(|line| line.split('"').skip(1).step_by(2)).collect()
    }

    /// Whether these licences meet an SPDX expression. `AND` binds before `OR`; `/` is an old `OR`.
    fn met(expression: &str, allow: &BTreeSet<&str>) -> bool {
        let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let mut words = spaced.split_whitespace().peekable();
        let met = any(&mut words, allow);
        assert_eq!(words.next(), None, "{expression}");
        met
    }

    fn any<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allow: &BTreeSet<&str>) -> bool {
        let mut met = all(words, allow);
        while words.next_if_eq(&"OR").is_some() {
            met |= all(words, allow);
        }
        met
    }

    fn all<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allow: &BTreeSet<&str>) -> bool {
        let mut met = one(words, allow);
        while words.next_if_eq(&"AND").is_some() {
            met &= one(words, allow);
        }
        met
    }

    fn one<'a>(words: &mut Peekable<impl Iterator<Item = &'a str>>, allow: &BTreeSet<&str>) -> bool {
        let licence = words.next().expect("a licence");
        if licence == "(" {
            let met = any(words, allow);
            assert_eq!(words.next(), Some(")"));
            met
        } else if words.next_if_eq(&"WITH").is_some() {
            allow.contains(&*format!("{licence} WITH {}", words.next().expect("an exception")))
        } else {
            allow.contains(licence)
        }
    }
}
