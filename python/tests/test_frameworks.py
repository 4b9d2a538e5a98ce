"""The doors for frameworks, with the frameworks: FastMCP, the official SDK, Starlette and FastAPI."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastmcp import FastMCP
from fastmcp.server.auth import require_scopes
from issuer import NOW, RESOURCE, URL, Issuer, body, tools_call
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp

from authwright import AuthError, Resource, Token, current_token
from authwright.fastmcp import AuthwrightProvider
from authwright.mcp import AuthwrightVerifier, auth_settings
from authwright.starlette import ProtectMiddleware, routes, token

METADATA = "/.well-known/oauth-protected-resource/mcp"
STEP_UP = (
    'Bearer error="insufficient_scope", '
    'error_description="the token lacks a scope: needed are todo.read todo.write", '
    f'scope="todo.read todo.write", resource_metadata="https://mcp.example.com{METADATA}"'
)
HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}


def server(issuer: Issuer) -> Resource:
    return Resource(
        RESOURCE, URL, scopes=["todo.read"], tools={"create_item": ["todo.write"]},
        implies={"todo.write": ["todo.read"]}, transport=issuer, now=lambda: issuer.now,
    )  # fmt: skip


@asynccontextmanager
async def serving(app: ASGIApp, lifespan: Starlette) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application whose lifespan runs."""
    async with lifespan.router.lifespan_context(lifespan):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://mcp.example.com", headers=HEADERS) as http:
            yield http


def bearer(raw: str) -> dict[str, str]:
    return {"authorization": f"Bearer {raw}"}


def result(answer: httpx.Response) -> Any:
    """What a tool answered, also when it came as a stream of one event."""
    text = answer.text if answer.text.startswith("{") else answer.text.partition("data: ")[2].splitlines()[0]
    return json.loads(text)["result"]


INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


def todo(resource: Resource) -> FastMCP:
    mcp: FastMCP = FastMCP("To-do", auth=AuthwrightProvider(resource))

    @mcp.tool
    def whoami() -> str:
        return f"{current_token().subject} {' '.join(current_token().scopes)}"

    @mcp.tool
    def create_item(title: str) -> str:
        return title

    @mcp.tool(auth=require_scopes("todo.read"))
    def read() -> str:
        return "read"

    @mcp.custom_route("/open", methods=["GET"])
    async def open_route(request: Request) -> PlainTextResponse:
        return PlainTextResponse("open")

    return mcp


async def test_fastmcp_calls_a_tool_for_whom_the_token_says(monkeypatch: pytest.MonkeyPatch) -> None:
    issuer = Issuer()
    app = todo(server(issuer)).http_app(stateless_http=True)
    async with serving(app, app) as http:
        for scope in ("todo.read", "todo.write"):
            raw = issuer.token(scope, exp=NOW * 2)  # FastMCP has a clock of its own
            answer = await http.post("/mcp", content=body(tools_call("whoami")), headers=bearer(raw))
            assert result(answer)["content"][0]["text"] == f"per_ada {scope}"
        implied = await http.post("/mcp", content=body(tools_call("read")), headers=bearer(raw))
        assert result(implied)["content"][0]["text"] == "read"


async def test_in_a_session_of_fastmcp_each_call_has_its_own_token() -> None:
    issuer = Issuer()
    app = todo(server(issuer)).http_app()
    async with serving(app, app) as http:
        first, second = issuer.token("todo.read"), issuer.token("todo.read other")
        opened = await http.post("/mcp", content=body(INITIALIZE), headers=bearer(first))
        assert opened.status_code == 200, opened.text
        session = {"mcp-session-id": opened.headers["mcp-session-id"], "mcp-protocol-version": "2025-11-25"}
        ready = body({"jsonrpc": "2.0", "method": "notifications/initialized"})
        await http.post("/mcp", content=ready, headers=session | bearer(first))
        for raw, scope in ((first, "todo.read"), (second, "todo.read other"), (first, "todo.read")):
            answer = await http.post("/mcp", content=body(tools_call("whoami")), headers=session | bearer(raw))
            assert result(answer)["content"][0]["text"] == f"per_ada {scope}"
        stranger = bearer(issuer.token("todo.read", sub="per_bob"))
        assert (
            await http.post("/mcp", content=body(tools_call("whoami")), headers=session | stranger)
        ).status_code == 404


async def test_fastmcp_refuses_as_everything_else_does() -> None:
    issuer = Issuer()
    app = todo(server(issuer)).http_app(stateless_http=True)
    async with serving(app, app) as http:
        bare = await http.post("/mcp", content=body(tools_call("whoami")))
        challenge = f'Bearer scope="todo.read", resource_metadata="https://mcp.example.com{METADATA}"'
        assert (bare.status_code, bare.headers["www-authenticate"]) == (401, challenge)
        few = await http.post(
            "/mcp", content=body(tools_call("create_item", title="a")), headers=bearer(issuer.token())
        )
        assert (few.status_code, few.headers["www-authenticate"]) == (403, STEP_UP)
        assert (await http.get("/open")).text == "open"
        assert (await http.get(METADATA)).json()["resource"] == RESOURCE
        for path in ("/mcp/", "//mcp", "/MCP", "/mcp%2F"):
            assert (await http.post(path, content=body(tools_call("whoami")))).status_code in (401, 404), path


def test_fastmcp_must_serve_where_the_resource_is() -> None:
    with pytest.raises(ValueError, match="they must agree"):
        todo(server(Issuer())).http_app(path="/other")


async def test_the_providers_verifier_alone() -> None:
    issuer = Issuer()
    provider = AuthwrightProvider(server(issuer))
    good = await provider.verify_token(issuer.token("todo.write"))
    assert good is not None
    assert (good.subject, good.scopes) == ("per_ada", ["todo.read", "todo.write"])
    assert await provider.verify_token("abc") is None
    issuer.down = True
    issuer.now += 3600
    with pytest.raises(AuthError):
        await provider.verify_token(issuer.token())


async def test_the_official_sdk_with_its_own_middleware() -> None:
    issuer = Issuer()
    resource = server(issuer)
    mcp = MCPServer("To-do", token_verifier=AuthwrightVerifier(resource), auth=auth_settings(resource))

    @mcp.tool()
    def whoami() -> str:
        return "somebody"

    app = mcp.streamable_http_app(stateless_http=True, host="mcp.example.com")
    async with serving(app, app) as http:
        assert (await http.post("/mcp", content=body(tools_call("whoami")))).status_code == 401
        bad = bearer(issuer.token(aud="https://other.example/mcp"))
        assert (await http.post("/mcp", content=body(tools_call("whoami")), headers=bad)).status_code == 401
        few = bearer(issuer.token("other", exp=NOW * 2))
        assert (await http.post("/mcp", content=body(tools_call("whoami")), headers=few)).status_code == 403
        good = bearer(issuer.token(exp=NOW * 2))
        answer = await http.post("/mcp", content=body(tools_call("whoami")), headers=good)
        assert result(answer)["content"][0]["text"] == "somebody"
        metadata = (await http.get(METADATA)).json()
        assert (metadata["resource"], metadata["authorization_servers"]) == (RESOURCE, [URL])


async def test_the_official_sdk_behind_protect() -> None:
    issuer = Issuer()
    resource = server(issuer)
    mcp = MCPServer("To-do")

    @mcp.tool()
    def whoami() -> str:
        return current_token().subject

    @mcp.tool()
    def create_item() -> str:
        return "made"

    app = mcp.streamable_http_app(stateless_http=True, host="mcp.example.com")
    async with serving(resource.protect(app), app) as http:
        answer = await http.post("/mcp", content=body(tools_call("whoami")), headers=bearer(issuer.token()))
        assert result(answer)["content"][0]["text"] == "per_ada"
        few = await http.post("/mcp", content=body(tools_call("create_item")), headers=bearer(issuer.token()))
        assert (few.status_code, few.headers["www-authenticate"]) == (403, STEP_UP)


async def test_starlette_routes_beside_others() -> None:
    issuer = Issuer()

    async def who(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(token(Request(scope)).subject)(scope, receive, send)

    app = Starlette(routes=routes(server(issuer), who))
    async with serving(app, app) as http:
        for path in ("/mcp", "/mcp/"):
            assert (await http.post(path, content=body(tools_call("a")))).status_code == 401
            answer = await http.post(path, content=body(tools_call("a")), headers=bearer(issuer.token()))
            assert answer.text == "per_ada"
        assert (await http.get(METADATA)).json()["resource"] == RESOURCE
        assert (await http.get("/elsewhere")).status_code == 404


async def test_fastapi_behind_the_middleware() -> None:
    issuer = Issuer()
    app = FastAPI()
    app.add_middleware(ProtectMiddleware, resource=server(issuer), mcp=False, public=["/healthz"])

    @app.get("/healthz")
    async def healthz() -> str:
        return "up"

    @app.get("/me")
    def me(caller: Annotated[Token, Depends(token)]) -> list[str]:
        return [caller.subject, current_token().client_id]

    async with serving(app, app) as http:
        assert (await http.get("/healthz")).json() == "up"
        assert (await http.get("/me")).status_code == 401
        assert (await http.get("/docs")).status_code == 401
        assert (await http.get("/me", headers=bearer(issuer.token()))).json() == ["per_ada", "cli_1"]


def test_a_token_is_not_there_when_nobody_verified_one() -> None:
    with pytest.raises(LookupError):
        token(Request({"type": "http", "headers": []}))
