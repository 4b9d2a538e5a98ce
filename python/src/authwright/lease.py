"""How long may an answer go on? (MCP 2026-07-28, Authorization: every request is authorized)"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from authwright.claims import EXPIRY_SKEW
from authwright.errors import AuthError
from authwright.messages import ASGIApp, Message, Receive, Scope, Send
from authwright.session import HEADER as SESSION
from authwright.token import current

if TYPE_CHECKING:
    from authwright.resource import Resource
    from authwright.verify import Verified


class TokenOverError(Exception):
    """A token that came to its end before the answer began."""


class Lease:
    """Runs an application no longer than a token holds.

    That is until it has expired, or until the issuer, where it is asked, says that it was revoked or cannot say that
    it was not. It costs a timer, and no task while nothing happens.
    """

    def __init__(self, resource: Resource, raw: str, known: Verified) -> None:
        self._resource = resource
        self._raw = raw
        self._known = known
        self._limit = asyncio.timeout(known.token.expires + EXPIRY_SKEW - resource.now())
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._begun = self._done = False

    async def serve(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application for one request. Raises TokenOverError if the token ended before it answered."""
        reset = current.set(self._known.token)
        try:
            async with self._limit:
                self._wait()
                await app(scope, receive, self._sealing(send))
        except TimeoutError:
            if not self._limit.expired():
                raise  # the application's own
            if not self._begun:
                raise TokenOverError from None
            if not self._done:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            current.reset(reset)
            for waiting in (self._timer, self._looking):
                if waiting is not None:
                    waiting.cancel()

    def _sealing(self, send: Send) -> Send:
        """A send that seals a session id on its way out, and sends nothing once the token is over."""

        async def sealing(message: Message) -> None:
            if self._limit.expired():
                return
            if message["type"] == "http.response.start":
                self._begun = True
                message = {**message, "headers": [self._seal(header) for header in message.get("headers", [])]}
            elif message["type"] == "http.response.body":
                self._done = not message.get("more_body", False)
            await send(message)

        return sealing

    def _seal(self, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        name, value = header
        if name.lower() != SESSION:
            return header
        return name, self._resource.seal_session(value, self._known.token)

    def _wait(self) -> None:
        """Look again when the issuer's last answer has run out."""
        again = self._resource.asks_again(self._known)
        if again is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, again - self._resource.now()), self._begin_looking)

    def _begin_looking(self) -> None:
        self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        """Have the issuer asked again, and end the answer if it does not say that the token is active."""
        try:
            self._known = await self._resource.admit(self._raw)
        except AuthError:
            self._limit.reschedule(asyncio.get_running_loop().time())
        else:
            self._wait()
