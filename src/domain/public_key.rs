//! Public keys with which anybody can check what an installation has signed: Ed25519 (RFC 8032) as JSON Web Keys (RFC 7517, RFC 8037).

use aws_lc_rs::{
    digest::{SHA256, digest},
    signature::{ED25519, UnparsedPublicKey},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// An Ed25519 public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key of these bytes; none unless they are 32.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The key as base64url without padding: the member `x` of its JWK.
    #[must_use]
    pub fn x(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Its id: the SHA-256 thumbprint of its JWK (RFC 7638; RFC 8037 §2 for keys of this type).
    #[must_use]
    pub fn id(&self) -> String {
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x());
        URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
    }

    /// The key as a JWK.
    #[must_use]
    pub fn jwk(&self) -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": self.x(), "kid": self.id(), "use": "sig", "alg": "EdDSA" })
    }

    /// The Ed25519 keys of a JWK set; keys of other kinds are left out (RFC 7517 §5).
    ///
    /// # Errors
    /// With a sentence when it is no JWK set, or has no such key.
    pub fn set(text: &[u8]) -> Result<Vec<Self>, String> {
        let set: Value = serde_json::from_slice(text).map_err(|error| format!("no JSON: {error}"))?;
        let keys = set.get("keys").and_then(Value::as_array).ok_or("no JWK set: it has no `keys`")?;
        let own =
            keys.iter().filter(|key| key.get("kty").is_some_and(|kty| kty == "OKP") && key.get("crv").is_some_and(|crv| crv == "Ed25519"));
        let keys: Vec<Self> = own.filter_map(|key| key.get("x")?.as_str()?.parse().ok()).collect();
        if keys.is_empty() { Err("it has no Ed25519 key".to_owned()) } else { Ok(keys) }
    }

    /// Whether the holder of the key has signed a message.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

impl std::str::FromStr for PublicKey {
    type Err = String;

    fn from_str(x: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(x).map_err(|_| "a key is 43 characters of base64url, without padding".to_owned())?;
        Self::of(&bytes).ok_or_else(|| "a key has 32 bytes".to_owned())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_thumbprint_of_the_standards_own_example() {
        // RFC 8037, appendix A.3.
        let key: PublicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo".parse().unwrap();
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let set = json!({ "keys": [{ "kty": "RSA", "n": "x", "e": "AQAB" }, key.jwk()] });
        assert_eq!(PublicKey::set(set.to_string().as_bytes()), Ok(vec![key]));
        for none in ["", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#] {
            assert!(PublicKey::set(none.as_bytes()).is_err(), "{none}");
        }
        for none in ["", "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo"] {
            assert!(none.parse::<PublicKey>().is_err(), "{none}");
        }
    }

    #[test]
    fn a_signature_holds_for_its_message_and_its_key() {
        // RFC 8032 §7.1, test 2.
        let key = PublicKey::of(&from_hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")).unwrap();
        let signature = from_hex(concat!(
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da",
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ));
        assert!(key.has_signed(&[0x72], &signature));
        assert!(!key.has_signed(&[0x73], &signature));
        assert!(!PublicKey([7; 32]).has_signed(&[0x72], &signature));
    }

    fn from_hex(text: &str) -> Vec<u8> {
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
    }
}
