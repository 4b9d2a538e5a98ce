"""How are ASGI's messages read and written? (ASGI 3.0, HTTP)"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from authwright.call import INVALID_REQUEST, PARSE_ERROR
from authwright.challenge import Answer
from authwright.errors import CallError

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]


async def read_body(receive: Receive, max_body: int) -> bytes:
    """Read a whole body of at most max_body bytes. Raises CallError."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise CallError(400, PARSE_ERROR, "the body did not arrive whole")
        body += message.get("body", b"")
        if len(body) > max_body:
            raise CallError(413, INVALID_REQUEST, "the body is too large")
        if not message.get("more_body", False):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """A receive that gives a body that was read, and after it only the end of the connection."""
    given = False

    async def again() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        while (message := await receive())["type"] == "http.request":
            pass
        return message

    return again


async def respond(method: str, send: Send, answer: Answer) -> None:
    """Send a whole answer; to a HEAD, without its body (RFC 9110 §9.3.2)."""
    headers = [*answer.headers]
    if answer.status != 204:
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else answer.body, "more_body": False})
