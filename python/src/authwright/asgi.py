"""Who gets through to an ASGI application? (MCP 2026-07-28, Authorization; RFC 6750 §2.1; RFC 9728 §3)"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from authwright import origin
from authwright.bearer import bearer_token
from authwright.call import INVALID_REQUEST, Call, check_headers, parse_call
from authwright.challenge import Answer, Headers
from authwright.config import ConfigurationError, wrong_list, wrong_scopes
from authwright.errors import AuthError, CallError, NoTokenError, ScopeError, invalid_token
from authwright.lease import Lease, TokenOverError
from authwright.messages import ASGIApp, Receive, Scope, Send, read_body, replay, respond
from authwright.metadata import metadata_answer
from authwright.session import HEADER as SESSION

if TYPE_CHECKING:
    from authwright.resource import Resource
    from authwright.verify import Verified

# Where the verified token is in the scope of a request that got through.
TOKEN = "authwright.token"  # noqa: S105

_BODYLESS = ("GET", "HEAD", "DELETE", "OPTIONS")


class Protected:
    """An application behind a resource. :meth:`Resource.protect` and :meth:`Resource.require` make it.

    It is also a Starlette middleware: ``Middleware(Protected, resource)``.
    """

    def __init__(
        self,
        app: ASGIApp,
        resource: Resource,
        *,
        mcp: bool = True,
        scopes: Sequence[str] = (),
        public: Collection[str] = (),
    ) -> None:
        if wrong := [*wrong_scopes("scopes", scopes), *wrong_list("public", public)]:
            raise ConfigurationError("\n".join(wrong))
        self._app = app
        self._resource = resource
        self._mcp = mcp
        self._scopes = tuple(scopes)
        self._public = frozenset(public)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # MCP has none; nothing gets by here unseen
        elif scope["path"] == self._resource.metadata_path:
            await respond(scope["method"], send, metadata_answer(self._resource, scope["method"]))
        elif scope["path"] in self._public:
            await self._app(scope, receive, send)
        else:
            await self._guard(scope, receive, send)

    async def _guard(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What every protected request has in common."""
        headers: Headers = list(scope["headers"])
        if not origin.allowed(headers, self._resource.origins):
            self._resource.strangers.note(headers)
            answer = Answer.text(403, "requests from this origin are not accepted")
            await respond(scope["method"], send, answer)
            return
        readable = origin.readable(headers)
        if origin.is_preflight(scope["method"], headers):
            await respond(scope["method"], send, Answer(204, [*readable, *origin.PREFLIGHT], b""))
            return
        send = origin.adding(readable, send)
        try:
            raw = bearer_token(headers)
            known = await self._resource.admit(raw)
            inner, replayed = await self._admit(scope, headers, receive, known)
        except (NoTokenError, ScopeError, CallError, AuthError) as error:
            await respond(scope["method"], send, self._resource.refuse(error))
            return
        try:
            await Lease(self._resource, raw, known).serve(self._app, inner, replayed, send)
        except TokenOverError:
            over = invalid_token("the token has expired")
            await respond(scope["method"], send, self._resource.refuse(over))

    async def _admit(self, scope: Scope, headers: Headers, receive: Receive, known: Verified) -> tuple[Scope, Receive]:
        """Want the scopes of the operation; return the scope and receive of the application behind."""
        inner = {**scope, TOKEN: known.token}
        if not self._mcp:
            self._resource.check_scopes(known.token, self._scopes)
            return inner, receive
        body, called = await self._read(scope["method"], headers, receive)
        self._resource.check_call(known.token, called)
        session = self._resource.open_session(origin.values(headers, SESSION), known.token)
        dropped = (b"content-length", b"transfer-encoding", SESSION)
        inner["headers"] = [(name, value) for name, value in headers if name not in dropped]
        if scope["method"] not in _BODYLESS:
            inner["headers"].append((b"content-length", str(len(body)).encode()))
        if session is not None:
            inner["headers"].append((SESSION, session))
        return inner, replay(body, receive)

    async def _read(self, method: str, headers: Headers, receive: Receive) -> tuple[bytes, Call]:
        """Read the body once, within bounds. Raises CallError.

        GET, HEAD and DELETE carry none; what they bring along is dropped, so nothing behind us can act on a call that
        was not looked at.
        """
        if method in _BODYLESS:
            return b"", Call()
        if any(coding.lower() not in (b"", b"identity") for coding in origin.values(headers, b"content-encoding")):
            raise CallError(415, INVALID_REQUEST, "send the body without a content coding")
        body = await read_body(receive, self._resource.max_body)
        called = parse_call(body)
        check_headers(headers, called)
        return body, called
