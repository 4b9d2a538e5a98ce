"""Is this access token good for this resource, now? (RFC 9068 §4, RFC 7515 §5.2, RFC 7662)"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from authwright.claims import EXPIRY_SKEW, accept
from authwright.errors import invalid_token
from authwright.introspect import Introspector
from authwright.jwk import SigningKey, decode
from authwright.keys import Keyring
from authwright.strictjson import MalformedError, parse_object, string
from authwright.token import Token

MAX_TOKEN = 8 << 10  # characters
MAX_KNOWN = 32768  # tokens

# A member that would change how the token must be read makes it unacceptable (RFC 8725 §3).
_FORBIDDEN = ("jwk", "jku", "x5u", "x5c", "crit", "zip", "b64", "enc")
_HEADER = ("alg", "typ", "kid")


@dataclass(eq=False)
class Verified:
    """A token that was proven, and what is known of it since.

    ``key`` proved it; None when the issuer was asked. ``asked`` is when the issuer last said that it is active, in Unix
    seconds; ``over`` that the issuer said it is not, which is final; ``asking`` is held by the one caller that asks.
    """

    token: Token
    key: SigningKey | None
    asked: float = 0.0
    over: bool = False
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Verifier:
    """Proves tokens by signature, by the issuer's word, or by both. keys is None when introspection decides alone."""

    def __init__(
        self,
        issuer: str,
        resource: str,
        keys: Keyring | None,
        introspector: Introspector | None,
        granted: Callable[[tuple[str, ...]], frozenset[str]],
    ) -> None:
        self._issuer = issuer
        self._resource = resource
        self._keys = keys
        self._introspector = introspector
        self._granted = granted
        # By SHA-256. Only proven tokens get in, so nobody can fill it who has none.
        self._known: dict[bytes, Verified] = {}

    async def verify(self, token: str, now: float) -> Verified:
        """The one way in: a token is proven, or was before and still is. now is in Unix seconds.

        Raises AuthError.
        """
        if len(token) > MAX_TOKEN:
            raise invalid_token("the token is malformed")
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._known.get(digest)
        if known is None or not self._still_proven(known, now):
            known = self._remember(digest, await self._prove(token, now), now)
        elif now > known.token.expires + EXPIRY_SKEW:
            raise invalid_token("the token has expired")
        await self._still_active(token, known, now)
        return known

    def asks_again(self, known: Verified) -> float | None:
        """When the issuer's last answer about a token has run out, in Unix seconds; None if it is never asked."""
        return None if self._introspector is None else known.asked + self._introspector.every

    def _still_proven(self, known: Verified, now: float) -> bool:
        """Tell whether the key that proved a token is still one of the issuer's."""
        return self._keys is None or (known.key is not None and self._keys.holds(known.key, now))

    async def _prove(self, token: str, now: float) -> Verified:
        """Verify a token that is not known: by its signature, or by the word of the issuer."""
        if self._keys is None:
            assert self._introspector is not None, "without keys there is introspection"
            answer = await self._introspector.active(token, now)
            return Verified(self._accept(answer, now), None, asked=now)
        alg, kid, payload, signature = parse_jws(token)
        key = await self._keys.key(kid, now)
        message = token.rpartition(".")[0].encode()
        if alg != key.alg or not key.verifies(message, signature):
            raise invalid_token("the token signature is not valid")
        return Verified(self._accept(payload, now), key)

    def _accept(self, payload: bytes, now: float) -> Token:
        return accept(payload, self._issuer, self._resource, now, self._granted)

    async def _still_active(self, token: str, known: Verified, now: float) -> None:
        """Have the issuer asked again when its last answer about the token is too old. Raises AuthError."""
        introspector = self._introspector
        if introspector is None:
            return
        if not known.over and now - known.asked < introspector.every:
            return
        async with known.asking:  # callers who come while one asks wait for that answer
            if known.over:
                raise invalid_token("the token is not active any more")
            if now - known.asked < introspector.every:
                return
            if not await introspector.confirms(token, known.token, now):
                known.over = True
                raise invalid_token("the token is not active any more")
            known.asked = now

    def _remember(self, digest: bytes, fresh: Verified, now: float) -> Verified:
        """File a token, unless the same key proved it before: return the entry, which may know more."""
        old = self._known.get(digest)
        if old is not None and (old.key is fresh.key or old.over):
            return old
        if len(self._known) >= MAX_KNOWN:
            self._make_room(now)
        self._known[digest] = fresh
        return fresh

    def _make_room(self, now: float) -> None:
        """Look at the few oldest, and drop what has expired, or else the first."""
        eldest = [digest for _, digest in zip(range(8), self._known, strict=False)]
        over = [digest for digest in eldest if now > self._known[digest].token.expires + EXPIRY_SKEW]
        for digest in over or eldest[:1]:
            del self._known[digest]


def parse_jws(token: str) -> tuple[str, str, bytes, bytes]:
    """Take a compact token apart (RFC 7515 §3.1): its alg, kid, payload and signature. Nothing of it is proven.

    Raises AuthError: not three segments of canonical base64url, a header that means something else to other readers,
    or not an access token (RFC 9068 §2.1).
    """
    segments = token.split(".")
    if len(segments) != 3:
        raise invalid_token("the token is malformed")
    try:
        head, payload, signature = (decode(segment) for segment in segments)
        header = parse_object(head, 16, (*_HEADER, *_FORBIDDEN))
        alg, typ, kid = (string(header.get(name)) for name in _HEADER)
    except (MalformedError, ValueError) as error:
        raise invalid_token("the token is malformed") from error
    if any(name in header for name in _FORBIDDEN):
        raise invalid_token("the token header has a member that is not accepted")
    if typ.lower().removeprefix("application/") != "at+jwt":
        raise invalid_token("the token is not an access token")  # RFC 8725 §3.11
    return alg, kid, payload, signature
