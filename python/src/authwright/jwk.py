"""Which public keys may sign tokens, and with what? (RFC 7517, RFC 7518 §6, RFC 8037 §2, RFC 8725 §3)"""

import base64
import binascii
from dataclasses import dataclass

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from authwright.strictjson import JSON, MalformedError, check_spelling, string

_MEMBERS = ("kty", "kid", "use", "alg", "crv", "x", "y", "n", "e")
_MAX_EXPONENT = (1 << 31) - 1

PublicKey = ECKey | OKPKey | RSAKey


@dataclass(frozen=True, eq=False)
class SigningKey:
    """A key with the one algorithm it may be used with. Two are equal only if they are the same object."""

    members: dict[str, str]
    public: PublicKey
    alg: str

    @property
    def kid(self) -> str:
        """The name of the key."""
        return self.members["kid"]

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Tell whether the signature over the message was made with the key, by its one algorithm (RFC 7518 §3)."""
        try:
            return bool(JWSRegistry.algorithms[self.alg].verify(message, signature, self.public))
        except (JoseError, ValueError):
            return False
        except Exception as error:  # cryptography has an exception of its own for a bad signature
            if type(error).__name__ == "InvalidSignature":
                return False
            raise


def signing_key(published: JSON) -> SigningKey | None:
    """The key that a member of a JWK set is; None if it is none of ours to use.

    An alg or use that contradicts the kind of key makes it unusable. Raises MalformedError for a member that readers
    could understand differently.
    """
    if published is None:
        return None
    if not isinstance(published, dict):
        raise MalformedError("a key is no JSON object")
    check_spelling(published, _MEMBERS)
    members = {name: string(published.get(name)) for name in _MEMBERS}
    if not members["kid"] or members["use"] not in ("", "sig"):
        return None
    try:
        public, alg = _public(members)
    except (ValueError, JoseError):
        return None
    if members["alg"] not in ("", alg):
        return None
    return SigningKey(members, public, alg)


def _public(jwk: dict[str, str]) -> tuple[PublicKey, str]:
    """Rebuild the key and name its algorithm. Raises ValueError or JoseError."""
    key: PublicKey
    match jwk["kty"], jwk["crv"]:
        case "EC", "P-256":
            decode(jwk["x"], 32)
            decode(jwk["y"], 32)
            key, alg = ECKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "y")}), "ES256"
        case "OKP", "Ed25519":
            decode(jwk["x"], 32)
            key, alg = OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x")}), "EdDSA"
        case "RSA", _:
            modulus, exponent = decode(jwk["n"]), decode(jwk["e"])
            number = int.from_bytes(exponent)
            if modulus[0] == 0 or exponent[0] == 0 or not 256 <= len(modulus) <= 1024:  # RFC 7518 §2, §3.3
                raise ValueError("the modulus is not of 2048 to 8192 bits")
            if not 3 <= number <= _MAX_EXPONENT or number % 2 == 0:
                raise ValueError("the exponent is out of range")
            key, alg = RSAKey.import_key({name: jwk[name] for name in ("kty", "n", "e")}), "RS256"
        case _:
            raise ValueError("a kind of key that is not used")
    if key.public_key is None:  # builds it, so that a point off the curve is seen here
        raise ValueError("the key has no public part")
    return key, alg


def decode(text: str, want: int = 0) -> bytes:
    """Read canonical base64url of want bytes, or of any number but none when want is 0 (RFC 7515 §2).

    A token has one spelling: padding, line breaks and unused bits are refused. Raises ValueError.
    """
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("a member is not base64url") from error
    if not raw or encode(raw) != text or (want and len(raw) != want):
        raise ValueError("a member is not canonical base64url")
    return raw


def encode(raw: bytes) -> str:
    """Write base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
