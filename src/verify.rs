//! Checks files that an installation has given away, without it: whether they are whole, and by which key.

use crate::domain::{
    public_key::PublicKey,
    register_file::{self, Verified},
};
use std::path::Path;

/// Whose signature is good.
#[derive(Debug, Clone, Copy)]
pub enum Trusted<'a> {
    /// That of one of the keys in this JWK set, such as `/.well-known/jwks.json` gives.
    Set(&'a Path),
    /// That of this key, as base64url.
    Key(&'a str),
    /// That of the key which the file names itself; whoever reads the sentence compares its id.
    Any,
}

/// Checks an export of the register of deadlines; gives a sentence that says it is whole, of what, and by which key.
///
/// # Errors
/// With a sentence: a file cannot be read, a key is none, or the file is not what was exported.
pub fn check(file: &Path, trusted: Trusted<'_>) -> Result<String, String> {
    let read = |path: &Path| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    let keys = match trusted {
        Trusted::Set(path) => PublicKey::set(&read(path)?).map_err(|reason| format!("{}: {reason}", path.display()))?,
        Trusted::Key(key) => vec![key.parse().map_err(|reason| format!("--key: {reason}"))?],
        Trusted::Any => Vec::new(),
    };
    let name = file.display();
    let verified = register_file::verify(&read(file)?, &keys).map_err(|fault| format!("{name} is not whole: {fault}"))?;
    Ok(sentence(&name.to_string(), &verified, !keys.is_empty()))
}

fn sentence(name: &str, verified: &Verified, known: bool) -> String {
    let Verified { covered, rows, key } = verified;
    let part = if covered.parts > 1 { format!(", part {} of {}", covered.part, covered.parts) } else { String::new() };
    let entries = if *rows == 1 { "entry" } else { "entries" };
    let state = if covered.complete { "which was over" } else { "which was not over yet" };
    let whose = if known { "a key that was given" } else { "compare it with /.well-known/jwks.json of the server, or give --keys" };
    let (day, tenant, id) = (covered.day, covered.tenant_id, key.id());
    format!("{name} is whole: {rows} {entries} of {day}{part}, {state}, of the tenant {tenant}, signed with the key {id} ({whose})")
}
