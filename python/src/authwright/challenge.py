"""What is a request told that may not pass? (RFC 6750 §3, RFC 9728 §5.1; MCP 2026-07-28, Scope Challenge Handling)"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from authwright.errors import STATUS, AuthError, CallError, NoTokenError, ScopeError
from authwright.scopes import OFFLINE_ACCESS, union

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Challenge:
    """The parts of a ``WWW-Authenticate`` header (RFC 9110 §11.6.1). What is empty is left out.

    ``error`` is absent when no token was sent (RFC 6750 §3.1); ``scope`` is all that the operation needs;
    ``resource_metadata`` is the URL of the protected resource metadata (RFC 9728 §5.1).
    """

    error: str = ""
    error_description: str = ""
    scope: Sequence[str] = ()
    resource_metadata: str = ""

    def __str__(self) -> str:
        """The value of the header."""
        params = {
            "error": self.error,
            "error_description": self.error_description,
            "scope": " ".join(self.scope),
            "resource_metadata": self.resource_metadata,
        }
        said = ", ".join(f'{name}="{_printable(value)}"' for name, value in params.items() if value)
        return f"Bearer {said}" if said else "Bearer"


def _printable(text: str) -> str:
    """Keep the characters that RFC 6749 §5.2 allows in error_description."""
    return "".join("'" if c == '"' else c if " " <= c <= "~" and c != "\\" else "?" for c in text)


@dataclass(frozen=True)
class Answer:
    """A whole HTTP answer: status, headers with their names in lower case, body."""

    status: int
    headers: Headers
    body: bytes

    @staticmethod
    def text(status: int, text: str, *headers: tuple[bytes, bytes]) -> "Answer":
        """An answer of one line for people."""
        kind = (b"content-type", b"text/plain; charset=utf-8")
        return Answer(status, [kind, *headers], (text + "\n").encode())

    @staticmethod
    def json(status: int, value: object, *headers: tuple[bytes, bytes]) -> "Answer":
        """An answer of one JSON value."""
        body = json.dumps(value, separators=(",", ":")).encode()
        return Answer(status, [(b"content-type", b"application/json"), *headers], body)


NO_STORE = (b"cache-control", b"no-store")

Refusal = AuthError | NoTokenError | ScopeError | CallError


def refuse(error: Refusal, scopes: Sequence[str], metadata_url: str) -> Answer:
    """Write a refusal as an answer. scopes are what every request needs; metadata_url is where the metadata is."""
    match error:
        case NoTokenError():
            return Answer.text(401, str(error), NO_STORE, _header("", "", scopes, metadata_url))
        case ScopeError():
            # Clients exist that ask again for exactly what is named here, so what is held stays in.
            wanted = union(error.needed, error.held)
            header = _header("insufficient_scope", str(error), wanted, metadata_url)
            return Answer.json(403, _error("insufficient_scope", str(error)), NO_STORE, header)
        case CallError():
            return _rpc_answer(error)
        case AuthError(code="temporarily_unavailable"):
            # Not a 401, on which clients throw their tokens away.
            return Answer.json(503, _error(error.code, error.description), NO_STORE, (b"retry-after", b"5"))
        case AuthError():
            header = _header(error.code, error.description, scopes, metadata_url)
            return Answer.json(STATUS[error.code], _error(error.code, error.description), NO_STORE, header)


def _header(error: str, description: str, scopes: Sequence[str], metadata_url: str) -> tuple[bytes, bytes]:
    wanted = [scope for scope in scopes if scope != OFFLINE_ACCESS]  # which is none of a resource's business
    return (b"www-authenticate", str(Challenge(error, description, wanted, metadata_url)).encode())


def _error(code: str, description: str) -> dict[str, str]:
    return {"error": code, "error_description": _printable(description)}


def _rpc_answer(error: CallError) -> Answer:
    """A JSON-RPC error response (JSON-RPC 2.0 §5). The id is left out when it is not known."""
    members = ['"jsonrpc":"2.0"']
    if error.id is not None:
        members.append(f'"id":{error.id}')
    members.append('"error":' + json.dumps({"code": error.code, "message": str(error)}))
    body = "{" + ",".join(members) + "}"
    return Answer(error.status, [(b"content-type", b"application/json"), NO_STORE], body.encode())
