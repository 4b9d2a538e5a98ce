"""Which keys does the issuer have now? (RFC 7517 §5) Kept at hand, and read again when they change."""

import asyncio
import logging

from authwright.errors import IssuerError, invalid_token, unavailable
from authwright.issuer import IssuerDoor
from authwright.jwk import SigningKey, signing_key
from authwright.strictjson import JSON, MalformedError

# Seconds.
KEYS_FRESH = 5 * 60.0  # then they are read again, while the old ones serve
KEYS_LIFE = 60 * 60.0  # how long they serve when they cannot be read again
UNKNOWN_WAIT = 30.0  # between two readings because of an unknown kid
FAILED_WAIT = 2.0  # between two readings when there are no keys to serve with

MAX_KEYS = 64

_log = logging.getLogger("authwright")


class KeySet:
    """What the issuer said its keys were, and when, in Unix seconds."""

    def __init__(self, by_id: dict[str, SigningKey], read: float) -> None:
        self.by_id = by_id
        self.read = read


class Keyring:
    """Finds keys by kid. Any number of requests cause one reading at a time."""

    def __init__(self, door: IssuerDoor) -> None:
        self._door = door
        self._set: KeySet | None = None
        self._reading: asyncio.Task[None] | None = None
        self._tried: float | None = None  # when the last reading began
        self._error: IssuerError | None = None  # how it ended

    async def key(self, kid: str, now: float) -> SigningKey:
        """Find the key of exactly this kid (RFC 7515 §4.1.4). now is in Unix seconds.

        Raises AuthError: invalid_token if the issuer has no such key, temporarily_unavailable if that cannot be known.
        """
        if not kid:
            raise invalid_token("the token does not name its key")
        keys = self._current(now)
        if keys is None:
            keys = await self._refresh(now, FAILED_WAIT)
        if key := keys.by_id.get(kid):
            return key
        keys = await self._refresh(now, UNKNOWN_WAIT)  # it may be a new one
        if key := keys.by_id.get(kid):
            return key
        raise invalid_token("the token is signed with a key that the issuer does not have")

    def holds(self, key: SigningKey, now: float) -> bool:
        """Tell whether a key that proved a token is still the issuer's."""
        keys = self._current(now)
        return keys is not None and keys.by_id.get(key.kid) is key

    def _current(self, now: float) -> KeySet | None:
        """The set to serve with, if there is one. It has the set read again when that is due."""
        if self._set is None or now - self._set.read >= KEYS_LIFE:
            return None
        if now - self._set.read >= KEYS_FRESH:
            self._begin(now, UNKNOWN_WAIT)
        return self._set

    async def _refresh(self, now: float, wait: float) -> KeySet:
        """Read the keys again, unless that was tried less than wait ago. Raises AuthError if they could not be read."""
        reading = self._begin(now, wait)
        if reading is not None:
            await asyncio.shield(reading)  # it belongs to no request: one that is given up takes no others with it
        if self._error is not None or self._set is None:
            raise unavailable() from self._error
        return self._set

    def _begin(self, now: float, wait: float) -> asyncio.Task[None] | None:
        """Join the reading that goes on, or begin one if the last began wait ago or more."""
        if self._reading is not None and not self._reading.done():
            return self._reading
        if self._tried is not None and now - self._tried < wait:
            return None
        self._tried = now
        self._reading = asyncio.create_task(self._read(now))
        return self._reading

    async def _read(self, now: float) -> None:
        """Replace the set, or remember why not."""
        try:
            self._set = new_key_set(await self._door.jwks(), self._set, now)
            self._error = None
        except IssuerError as error:
            self._error = error
            _log.warning("the keys of %s cannot be read: %s", self._door.issuer, error)


def new_key_set(published: list[JSON], before: KeySet | None, now: float) -> KeySet:
    """Take the keys that can be used. Two of one kid are ambiguous: neither is taken.

    A key that was known before stays the same object, so that holds can compare. Raises IssuerError.
    """
    if len(published) > MAX_KEYS:
        raise IssuerError(f"the issuer publishes {len(published)} keys, more than {MAX_KEYS}")
    by_id: dict[str, SigningKey] = {}
    ambiguous: set[str] = set()
    try:
        usable = [key for key in map(signing_key, published) if key is not None]
    except MalformedError as error:
        raise IssuerError(f"the issuer's keys: {error}") from error
    for key in usable:
        if key.kid in by_id:
            ambiguous.add(key.kid)
        old = before.by_id.get(key.kid) if before else None
        by_id[key.kid] = old if old is not None and old.members == key.members else key
    for kid in ambiguous:
        del by_id[kid]
    if not by_id:
        raise IssuerError("the issuer publishes no key that can be used")
    return KeySet(by_id, now)
