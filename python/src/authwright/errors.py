"""Which refusals are there? The codes of RFC 6750 §3.1 and RFC 6749 §4.1.2.1, and those of JSON-RPC."""

from collections.abc import Sequence
from typing import Literal

Code = Literal["invalid_request", "invalid_token", "temporarily_unavailable"]

STATUS: dict[Code, int] = {"invalid_request": 400, "invalid_token": 401, "temporarily_unavailable": 503}


class AuthError(Exception):
    """A token, or a request with one, that is refused.

    ``code`` is ``invalid_token`` when the token is no good, ``invalid_request`` when it was sent in a wrong way, and
    ``temporarily_unavailable`` when nobody can tell now: the issuer does not answer, and that is no reason to throw
    a token away. ``description`` is a sentence for the log of whoever sent it, and holds no secret.
    """

    def __init__(self, code: Code, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code: Code = code
        self.description = description


def invalid_token(why: str) -> AuthError:
    """The refusal of a token that is no good (RFC 6750 §3.1)."""
    return AuthError("invalid_token", why)


def unavailable() -> AuthError:
    """The refusal while the issuer cannot be asked. The cause goes to the log, as the exception's cause."""
    return AuthError("temporarily_unavailable", "the token cannot be checked right now, try again")


class NoTokenError(Exception):
    """A request without credentials. Its challenge has no error code (RFC 6750 §3.1)."""

    def __init__(self) -> None:
        super().__init__("send an access token in the Authorization header; WWW-Authenticate says where to get one")


class ScopeError(Exception):
    """A token that is good but not for this (RFC 6750 §3.1, insufficient_scope)."""

    def __init__(self, needed: Sequence[str], held: Sequence[str]) -> None:
        super().__init__("the token lacks a scope: needed are " + " ".join(needed))
        self.needed = tuple(needed)
        self.held = tuple(held)


class CallError(Exception):
    """A refusal in the words of JSON-RPC (JSON-RPC 2.0 §5.1).

    ``status`` is of HTTP, ``code`` of JSON-RPC, and ``id`` the JSON text of the request's id; None if it is not known.
    """

    def __init__(self, status: int, code: int, text: str, id: str | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.code = code
        self.id = id


class IssuerError(Exception):
    """The issuer did not answer as it should. The message says where and how, for the operator."""
