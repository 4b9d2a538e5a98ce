"""Do these claims speak for somebody at this resource? (RFC 9068 §4, RFC 8725 §3, RFC 7662 §4)"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from authwright.errors import invalid_token
from authwright.scopes import parse_scope
from authwright.strictjson import JSON, MalformedError, Number, parse_object, string
from authwright.token import Token

# Clocks differ. Seconds that a token just made may seem to come from the future, and that one may be used after it
# expired: streams end at the same instant.
START_SKEW = 60
EXPIRY_SKEW = 30

MAX_DEPTH = 16

_STRINGS = ("iss", "sub", "jti", "client_id", "scope", "org_id", "org_slug")
_TIMES = ("exp", "iat", "nbf", "auth_time")
_KNOWN = (*_STRINGS, *_TIMES, "aud", "cnf")


@dataclass(frozen=True)
class Claims:
    """Claims with the types they must have. A string that is absent is empty, a time that is absent is 0."""

    strings: dict[str, str]
    times: dict[str, int]
    audience: tuple[str, ...]
    bound: bool  # to a key (RFC 7800 §3.1)


def read_claims(payload: bytes) -> Claims:
    """Read claims of which no two readers have a different idea (RFC 7519 §4).

    Raises MalformedError.
    """
    members = parse_object(payload, MAX_DEPTH, _KNOWN)
    return Claims(
        strings={name: string(members.get(name)) for name in _STRINGS},
        times={name: numeric_date(members[name]) for name in _TIMES if name in members},
        audience=audience(members.get("aud")),
        bound="cnf" in members,
    )


def numeric_date(value: JSON) -> int:
    """Seconds since the epoch (RFC 7519 §2). Fractions are cut off.

    Raises MalformedError for what is no number, is negative, or a float cannot hold exactly.
    """
    if not isinstance(value, Number):
        raise MalformedError("a time is not a number")
    try:
        seconds = int(value)
    except ValueError:
        seconds_float = float(value)
        if not 0 <= seconds_float <= 1 << 53:
            raise MalformedError("a time is out of range") from None
        seconds = int(seconds_float)
    if not 0 <= seconds <= 1 << 53:
        raise MalformedError("a time is out of range")
    return seconds


def audience(value: JSON) -> tuple[str, ...]:
    """One audience or several: a string or an array of strings (RFC 7519 §4.1.3). Raises MalformedError."""
    if value is None:
        return ()
    return tuple(string(one) for one in (value if isinstance(value, list) else [value]))


def accept(
    payload: bytes, issuer: str, resource: str, now: float, granted: Callable[[tuple[str, ...]], frozenset[str]]
) -> Token:
    """Take claims that are proven to be the issuer's, and want every one of RFC 9068 §4.

    Nothing is optional because it was not configured. now is in Unix seconds; granted adds what scopes imply.
    Raises AuthError.
    """
    try:
        claims = read_claims(payload)
    except MalformedError as error:
        raise invalid_token("the token's claims are malformed") from error
    said = claims.strings
    expires, issued, begins = (claims.times.get(name, 0) for name in ("exp", "iat", "nbf"))
    if said["iss"] != issuer:
        raise invalid_token("the token is from another issuer")
    if resource not in claims.audience:
        raise invalid_token("the token is for another resource")
    if now > expires + EXPIRY_SKEW:  # so is one that does not say when
        raise invalid_token("the token has expired")
    if issued == 0 or issued > expires:
        raise invalid_token("the token does not say when it was issued")
    if issued > now + START_SKEW or begins > now + START_SKEW:
        raise invalid_token("the token is not valid yet")
    if not said["sub"] or not said["client_id"]:
        raise invalid_token("the token does not say who acts")
    if claims.bound:
        raise invalid_token("the token is bound to a key, it is no bearer token")  # RFC 9449 §7.2
    try:
        scopes = parse_scope(said["scope"])
    except ValueError as error:
        raise invalid_token("the token's scope is malformed") from error
    return Token(
        subject=said["sub"],
        client_id=said["client_id"],
        scopes=scopes,
        issuer=said["iss"],
        audience=claims.audience,
        org_id=said["org_id"],
        org_slug=said["org_slug"],
        id=said["jti"],
        issued_at=issued,
        expires=expires,
        granted=granted(scopes),
        claims=json.loads(payload, parse_int=_integer),
    )


def _integer(digits: str) -> int | float:
    """A number as Python has it. One of more digits than Python reads is what it is to JSON's other readers."""
    try:
        return int(digits)
    except ValueError:
        return float(digits)
