"""Who calls, and what may they do? A verified access token, as a tool sees it (RFC 9068 §2.2)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Token:
    """Who calls and what they may do. It was verified.

    ``subject`` is the person, or the client itself when it acts for nobody; ``client_id`` the program that acts;
    ``scopes`` are as granted (:meth:`has` also knows what they imply); ``audience`` is the protected server, and
    perhaps others; ``org_id`` the organization the person acts for, empty if none; ``org_slug`` what it is called in
    addresses, to show and never to decide by: it can change, org_id cannot; ``id`` is the jti claim; ``issued_at`` and
    ``expires`` are Unix seconds; ``claims`` is all that the token or the issuer said, read-only by convention.
    """

    subject: str
    client_id: str
    scopes: tuple[str, ...]
    issuer: str
    audience: tuple[str, ...]
    org_id: str
    org_slug: str
    id: str
    issued_at: int
    expires: int
    granted: frozenset[str] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)

    def has(self, scope: str) -> bool:
        """Tell whether the token carries the scope, itself or through one that implies it."""
        return scope in self.granted


current: ContextVar[Token | None] = ContextVar("authwright_token", default=None)


def current_token() -> Token:
    """The token of the request that is being served.

    Raises LookupError outside of one.
    """
    token = current.get()
    if token is None:
        raise LookupError("there is no verified request here; is the server behind Resource.protect?")
    return token


@contextmanager
def acting_as(
    subject: str,
    *,
    client_id: str = "test",
    scopes: Sequence[str] = (),
    org_id: str = "",
    claims: Mapping[str, Any] | None = None,
) -> Iterator[Token]:
    """Have :func:`current_token` tell of somebody, for tests of tools without HTTP. Nothing is verified.

    With FastMCP: ``with acting_as("per_ada", scopes=["todo.read"]):`` around ``async with Client(mcp) as client:``.
    """
    token = Token(
        subject=subject,
        client_id=client_id,
        scopes=tuple(scopes),
        issuer="",
        audience=(),
        org_id=org_id,
        org_slug="",
        id="",
        issued_at=0,
        expires=0,
        granted=frozenset(scopes),
        claims={"sub": subject, "client_id": client_id, **(claims or {})},
    )
    reset = current.set(token)
    try:
        yield token
    finally:
        current.reset(reset)
