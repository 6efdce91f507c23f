//! Access tokens: EdDSA JWTs that live ten minutes (RFC 8725, RFC 9068).

use super::{
    credential::{Credential, Kind},
    vault::Vault,
};
use crate::domain::{
    ids::{MemberId, PersonId, SessionId, TenantId},
    time::Instant,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token lives, in seconds.
pub const LIFETIME: i64 = 600;
/// A longer token is not looked at.
const LONGEST: usize = 4096;
const TYPE: &str = "at+jwt";

/// Signs and verifies access tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    key_id: String,
    issuer: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: PersonId,
    sid: SessionId,
    tid: TenantId,
    mid: MemberId,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: Uuid,
}

/// For whom a token is made.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    /// Whose.
    pub person_id: PersonId,
    /// Within which session.
    pub session_id: SessionId,
    /// Logged in to which tenant.
    pub tenant_id: TenantId,
    /// As which member.
    pub member_id: MemberId,
}

impl Tokens {
    /// With the installation's keys; `issuer` is the public URL, which is also the audience.
    #[must_use]
    pub fn new(vault: &Vault, issuer: String) -> Self {
        Self {
            encoding: EncodingKey::from_ed_der(vault.signing_pkcs8()),
            decoding: DecodingKey::from_ed_der(vault.verifying_key()),
            key_id: vault.fingerprint().chars().take(16).collect(),
            issuer,
        }
    }

    /// A token for ten minutes.
    ///
    /// # Errors
    /// When the library fails.
    pub fn sign(&self, subject: Subject, jti: Uuid, now: Instant) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header { typ: Some(TYPE.into()), alg: Algorithm::EdDSA, kid: Some(self.key_id.clone()), ..Header::default() };
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.issuer.clone(),
            sub: subject.person_id,
            sid: subject.session_id,
            tid: subject.tenant_id,
            mid: subject.member_id,
            iat: now.seconds(),
            nbf: now.seconds(),
            exp: now.seconds() + LIFETIME,
            jti,
        };
        jsonwebtoken::encode(&header, &claims, &self.encoding)
    }

    /// What a token proves: only our signature, our type, our key, our issuer and audience, within its time to the second.
    #[must_use]
    pub fn verify(&self, token: &str, now: Instant) -> Option<Credential> {
        if token.len() > LONGEST {
            return None;
        }
        let header = jsonwebtoken::decode_header(token).ok()?;
        let ours = header.alg == Algorithm::EdDSA && header.typ.as_deref() == Some(TYPE) && header.kid.as_deref() == Some(&*self.key_id);
        // A header that brings its own key, or asks for anything else, is not ours.
        let plain = header.jku.is_none() && header.jwk.is_none() && header.x5u.is_none() && header.x5c.is_none() && header.crit.is_none();
        if !(ours && plain) {
            return None;
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.issuer]);
        validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library reads the machine's clock; ours can be moved.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &validation).ok()?.claims;
        let in_time = claims.nbf <= now.seconds() && now.seconds() < claims.exp && claims.exp - claims.iat <= LIFETIME;
        in_time.then(|| Credential::new(Kind::Session { session_id: claims.sid, tenant_id: claims.tid, member_id: claims.mid }))
    }
}
