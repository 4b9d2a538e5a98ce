"""Which web pages may call the server? (MCP 2026-07-28, Streamable HTTP, Security Warning; Fetch §3.2)"""

import logging
import re
from collections.abc import Callable, Sequence

from authwright.challenge import Headers
from authwright.messages import Message, Send

_log = logging.getLogger("authwright")

# Headers that browsers must be told about (Fetch §3.2.3).
METHODS = b"GET, POST, DELETE, OPTIONS"
REQUEST_HEADERS = (
    b"Authorization, Content-Type, DPoP, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id"
)
EXPOSED = b"WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce, Retry-After"


def values(headers: Headers, name: bytes) -> list[bytes]:
    """The values of a header, whose name is in lower case as ASGI has it."""
    return [value for key, value in headers if key == name]


def allowed(headers: Headers, origins: Sequence[str]) -> bool:
    """Tell whether a request may come from where it does. One without Origin comes from no other site's page."""
    sent = values(headers, b"origin")
    if not sent:
        return True
    origin = sent[0].decode("latin-1")
    return len(sent) == 1 and any(_matches(one, origin) for one in origins)


def _matches(allowed_origin: str, origin: str) -> bool:
    if allowed_origin in ("*", origin):
        return True
    host = allowed_origin.removesuffix(":*")
    return host != allowed_origin and re.fullmatch(re.escape(host) + r"(:[0-9]{1,5})?", origin) is not None


def readable(headers: Headers) -> Headers:
    """The headers that let the page of a request read the answer."""
    sent = values(headers, b"origin")
    if not sent:
        return [(b"vary", b"Origin")]
    return [
        (b"vary", b"Origin"),
        (b"access-control-allow-origin", sent[0]),
        (b"access-control-expose-headers", EXPOSED),
    ]


def adding(more: Headers, send: Send) -> Send:
    """A send that adds headers to an answer, where it does not have them itself."""

    async def send_more(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = list(message.get("headers", []))
            there = {name.lower() for name, _ in own} - {b"vary"}
            message = {**message, "headers": own + [header for header in more if header[0] not in there]}
        await send(message)

    return send_more


def is_preflight(method: str, headers: Headers) -> bool:
    """Tell whether a browser asks before it sends; it never sends the token with the question (Fetch §3.2.2)."""
    asked = values(headers, b"origin") and values(headers, b"access-control-request-method")
    return method == "OPTIONS" and bool(asked)


PREFLIGHT: Headers = [
    (b"access-control-allow-methods", METHODS),
    (b"access-control-allow-headers", REQUEST_HEADERS),
    (b"access-control-max-age", b"600"),
]

MAX_STRANGERS = 16
HUSH = 60.0  # for how many seconds an origin that was named is not named again


class Strangers:
    """The refused origins that the operator was told of: few, and each once a minute, so that nobody fills the log."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._named: dict[str, float] = {}

    def note(self, headers: Headers) -> None:
        """Tell the operator of a page that was refused: who made the page sees little of why."""
        sent = b", ".join(values(headers, b"origin"))[:200].decode("latin-1")
        origin = re.sub(r"[^ -~]", "?", sent)
        now = self._now()
        self._named = {one: when for one, when in self._named.items() if now - when < HUSH}
        if origin not in self._named and len(self._named) < MAX_STRANGERS:
            self._named[origin] = now
            _log.warning(
                "a request from another origin was refused: %r: if its pages may call this server, "
                "name it in allowed_origins",
                origin,
            )
