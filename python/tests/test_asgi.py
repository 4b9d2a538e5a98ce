"""What stands in front of an application: streams, sessions, origins, bodies (MCP 2026-07-28)."""

import asyncio
import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from issuer import RESOURCE, URL, Issuer, body, tools_call

from authwright import Introspection, Resource, current_token
from authwright.messages import ASGIApp, Message

Send = Callable[[Message], Awaitable[None]]


def server(issuer: Issuer, **more: Any) -> Resource:
    return Resource(
        RESOURCE, URL, scopes=["todo.read"], tools={"create_item": ["todo.write"]}, transport=issuer,
        now=lambda: issuer.now, **more,
    )  # fmt: skip


def client(app: ASGIApp, token: str = "") -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app)
    return httpx.AsyncClient(transport=transport, base_url="https://mcp.example.com", headers=headers)


async def echo(scope: Message, receive: Any, send: Send) -> None:
    """Answer with what arrived, and the session id that was sent or s1."""
    said = b""
    while (message := await receive()).get("more_body") or message.get("body"):
        said += message["body"]
        if not message["more_body"]:
            break
    headers = dict(scope["headers"])
    session = headers.get(b"mcp-session-id", b"s1")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"mcp-session-id", session)]})
    answer = {"body": said.decode(), "subject": current_token().subject, "session": session.decode()}
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


class Stream:
    """An application that begins an answer, and goes on until it is told to stop."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = False

    async def __call__(self, scope: Message, receive: Any, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        self.begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def call(app: ASGIApp, token: str, sent: list[Message]) -> None:
    """One GET, whose messages are put into sent as they come."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {token}".encode())]
    await app({"type": "http", "method": "GET", "path": "/mcp", "headers": headers}, receive, send)


async def test_a_stream_is_passed_on_as_it_is_written() -> None:
    issuer, stream = Issuer(), Stream()
    sent: list[Message] = []
    task = asyncio.create_task(call(server(issuer).protect(stream), issuer.token(), sent))
    await stream.begun.wait()
    assert [message.get("body") for message in sent] == [None, b"first"]
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_stream_ends_when_its_token_does() -> None:
    issuer, stream = Issuer(), Stream()
    token = issuer.token(exp=int(issuer.now) + 600)
    resource = server(issuer)
    await resource.verify(token)
    issuer.now += 630  # the last second at which it is good
    sent: list[Message] = []
    await call(resource.protect(stream), token, sent)
    assert stream.cancelled
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


@pytest.mark.parametrize("fault", ["revoked", "down"])
async def test_a_stream_ends_when_the_issuer_does_not_say_any_more_that_its_token_is_active(fault: str) -> None:
    issuer, stream = Issuer(), Stream()
    token = issuer.token()
    resource = server(issuer, introspection=Introspection("resource", "secret"))
    await resource.verify(token)
    issuer.now += 9.999  # a millisecond before the answer runs out
    sent: list[Message] = []
    task = asyncio.create_task(call(resource.protect(stream), token, sent))
    await stream.begun.wait()
    issuer.revoked, issuer.down = {token}, fault == "down"
    issuer.now += 1
    await task
    assert stream.cancelled
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_token_that_ends_before_the_answer_begins_is_refused() -> None:
    async def waits(scope: Message, receive: Any, send: Send) -> None:
        await asyncio.Event().wait()

    issuer = Issuer()
    token = issuer.token()
    resource = server(issuer)
    await resource.verify(token)
    issuer.now += 630
    sent: list[Message] = []
    await call(resource.protect(waits), token, sent)
    assert sent[0]["status"] == 401


async def test_the_body_reaches_the_server_and_the_caller_is_known() -> None:
    issuer = Issuer()
    async with client(server(issuer).protect(echo), issuer.token()) as http:
        answer = await http.post("/mcp", content=body(tools_call("list_items")))
    assert answer.json()["body"] == body(tools_call("list_items")).decode()
    assert answer.json()["subject"] == "per_ada"
    with pytest.raises(LookupError):
        current_token()


async def test_a_get_cannot_bring_a_call_along() -> None:
    issuer = Issuer()
    async with client(server(issuer).protect(echo), issuer.token()) as http:
        answer = await http.request("GET", "/mcp", content=body(tools_call("create_item")))
    assert (answer.status_code, answer.json()["body"]) == (200, "")


async def test_a_body_is_bounded_and_without_a_coding() -> None:
    issuer = Issuer()
    async with client(server(issuer, max_body=100).protect(echo), issuer.token()) as http:
        assert (await http.post("/mcp", content=b"{" + b" " * 100 + b"}")).status_code == 413
        coded = await http.post("/mcp", content=body(tools_call("a")), headers={"content-encoding": "gzip"})
        assert coded.status_code == 415


async def test_a_session_is_its_owners() -> None:
    issuer = Issuer()
    app = server(issuer).protect(echo)
    async with client(app, issuer.token()) as http:
        first = await http.post("/mcp", content=body(tools_call("a")))
        sealed = {"mcp-session-id": first.headers["mcp-session-id"]}
        assert sealed["mcp-session-id"].startswith("s1.")
        again = await http.post("/mcp", content=body(tools_call("a")), headers=sealed)
        assert again.json()["session"] == "s1"
        bare = await http.post("/mcp", content=body(tools_call("a")), headers={"mcp-session-id": "s1"})
        assert bare.status_code == 404
    others: list[dict[str, Any]] = [{"sub": "per_bob"}, {"client_id": "cli_2"}, {"org_id": "acme"}]
    for claim in others:
        async with client(app, issuer.token("todo.read", key=-1, **claim)) as http:
            assert (await http.post("/mcp", content=body(tools_call("a")), headers=sealed)).status_code == 404, claim


async def test_replicas_share_a_session_key_as_text_or_as_bytes() -> None:
    issuer = Issuer()
    sealed = set()
    for key in ("schlüssel" * 4, ("schlüssel" * 4).encode()):
        async with client(server(issuer, session_key=key).protect(echo), issuer.token()) as http:
            sealed.add((await http.post("/mcp", content=body(tools_call("a")))).headers["mcp-session-id"])
    assert len(sealed) == 1


ORIGINS = {
    "https://mcp.example.com": 200,
    "https://app.example": 200,
    "http://localhost:5173": 200,
    "http://localhost": 200,
    "https://app.example.evil": 403,
    "https://evil.example": 403,
    "null": 403,
    "http://localhost:5173.evil": 403,
    "http://localhost.evil:1": 403,
}


async def test_pages_of_other_origins_are_refused() -> None:
    issuer = Issuer()
    origins = ["https://app.example", "http://localhost:*"]
    async with client(server(issuer, allowed_origins=origins).protect(echo), issuer.token()) as http:
        for origin, status in ORIGINS.items():
            answer = await http.post("/mcp", content=body(tools_call("a")), headers={"origin": origin})
            assert answer.status_code == status, origin
            if status == 200:
                assert answer.headers["access-control-allow-origin"] == origin
                assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]


async def test_a_browser_may_ask_before_it_sends_without_a_token() -> None:
    async with client(server(Issuer()).protect(echo)) as http:
        asks = {"origin": "https://mcp.example.com", "access-control-request-method": "POST"}
        answer = await http.options("/mcp", headers=asks)
        assert answer.status_code == 204
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert (await http.options("/mcp")).status_code == 401


async def test_everything_else_needs_a_token_but_what_is_public() -> None:
    issuer = Issuer()
    app = server(issuer).protect(public, public=["/healthz"])
    async with client(app) as http:
        assert (await http.get("/healthz")).status_code == 200
        for path in ("/", "/mcp", "/mcp/", "/other", "/healthz/", "/.well-known/other"):
            assert (await http.get(path)).status_code == 401, path
        metadata = await http.get("/.well-known/oauth-protected-resource/mcp")
        assert metadata.json()["resource"] == RESOURCE
        assert metadata.headers["access-control-allow-origin"] == "*"
        assert (await http.head("/.well-known/oauth-protected-resource/mcp")).content == b""
        assert (await http.post("/.well-known/oauth-protected-resource/mcp")).status_code == 405


async def public(scope: Message, receive: Any, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def test_a_web_socket_does_not_get_by() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await server(Issuer()).protect(echo)({"type": "websocket", "path": "/mcp", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_require_wants_scopes_and_leaves_the_body_alone() -> None:
    issuer = Issuer()
    app = server(issuer).require(echo, "todo.write")
    async with client(app, issuer.token()) as http:
        answer = await http.post("/x", content=b"not JSON")
        assert answer.status_code == 403
        assert 'scope="todo.read todo.write"' in answer.headers["www-authenticate"]
    async with client(app, issuer.token("todo.read todo.write")) as http:
        assert (await http.post("/x", content=b"not JSON")).json()["body"] == "not JSON"


async def test_an_issuer_that_does_not_answer_is_no_reason_to_throw_a_token_away() -> None:
    issuer = Issuer()
    token = issuer.token()
    issuer.down = True
    async with client(server(issuer).protect(echo), token) as http:
        answer = await http.post("/mcp", content=body(tools_call("a")))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "www-authenticate" not in answer.headers


async def test_an_error_of_the_application_is_its_own() -> None:
    async def fails(scope: Message, receive: Any, send: Send) -> None:
        raise TimeoutError("its own")

    issuer = Issuer()
    with pytest.raises(TimeoutError, match="its own"):
        await call(server(issuer).protect(fails), issuer.token(), [])


async def test_every_language_seals_alike() -> None:
    """The same in the Go and TypeScript libraries, so that replicas in different languages can share sessions."""
    issuer = Issuer()
    token = await server(issuer).verify(issuer.token(org_id="ümlaut"))
    known = dataclasses.replace(token, issuer="https://issuer.example/t1")
    assert server(issuer, session_key=b"\x07" * 32).seal_session(b"a.b-1", known) == b"a.b-1.tqui3QyPb01-dl4i3jpvtQ"


SENT: list[tuple[str, Callable[[bytes], list[bytes]], int]] = [
    ("the id", lambda id: [id], 200),
    ("none", lambda id: [], 200),
    ("an id that was never given", lambda id: [b"s2" + id[2:]], 404),
    ("the id cut short", lambda id: [id[:-1]], 404),
    ("an empty id", lambda id: [b""], 404),
    ("two ids", lambda id: [id, id], 404),
]


@pytest.mark.parametrize(("what", "sent", "want"), SENT)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_session_id_counts_only_as_it_was_given(
    method: str, what: str, sent: Callable[[bytes], list[bytes]], want: int
) -> None:
    issuer = Issuer()
    async with client(server(issuer).protect(echo), issuer.token()) as http:
        given = (await http.post("/mcp", content=body(tools_call("a")))).headers["mcp-session-id"].encode()
        headers = [(b"mcp-session-id", id) for id in sent(given)]
        answer = await http.request(
            method, "/mcp", content=body(tools_call("a")) if method == "POST" else b"", headers=headers
        )
    assert answer.status_code == want, what


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH"])
async def test_every_method_is_challenged(method: str) -> None:
    async with client(server(Issuer()).protect(echo)) as http:
        answer = await http.request(method, "/mcp")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith('Bearer scope="todo.read"')
    assert (answer.content == b"") == (method == "HEAD")


BODIES = {
    b'{"jsonrpc":': -32700,
    b"": -32700,
    b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]': -32700,
    b"\xff": -32700,
    b'{"jsonrpc":"2.0","id":1}': -32600,
}


@pytest.mark.parametrize(("sent", "code"), BODIES.items())
async def test_a_body_that_is_no_call_does_not_get_through(sent: bytes, code: int) -> None:
    issuer = Issuer()
    async with client(server(issuer).protect(echo), issuer.token()) as http:
        answer = await http.post("/mcp", content=sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_a_client_that_goes_away_before_its_body_is_whole_reaches_nobody() -> None:
    issuer, reached = Issuer(), False

    async def behind(scope: Message, receive: Any, send: Send) -> None:
        nonlocal reached
        reached = True

    coming: list[Message] = [
        {"type": "http.request", "body": b'{"json', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Message:
        return coming.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"authorization", f"Bearer {issuer.token()}".encode())]
    await server(issuer).protect(behind)(
        {"type": "http", "method": "POST", "path": "/mcp", "headers": headers}, receive, send
    )
    assert (sent[0]["status"], reached) == (400, False)
