"""The doors for frameworks, with the frameworks: FastMCP, the official SDK, Starlette and FastAPI."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastmcp import Client, FastMCP
from fastmcp.exceptions import ToolError
from fastmcp.server.auth import require_scopes
from issuer import NOW, RESOURCE, URL, Issuer, body, tools_call
from mcp.server.mcpserver import MCPServer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, request_response
from starlette.types import ASGIApp

from authwright import AuthError, ConfigurationError, Resource, Token, acting_as, current_token
from authwright.fastmcp import AuthwrightProvider
from authwright.mcp import AuthwrightVerifier, auth_settings
from authwright.starlette import ProtectMiddleware, metadata_route, routes, token

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


@pytest.mark.parametrize("path", ["/other", "/mcp/", "/", "/MCP", "/cp"])
def test_fastmcp_must_serve_where_the_resource_is_to_the_letter(path: str) -> None:
    with pytest.raises(ValueError, match="they must agree"):
        todo(server(Issuer())).http_app(path=path)


async def test_fastmcp_at_the_root_of_its_host() -> None:
    issuer = Issuer()
    resource = Resource("https://mcp.example.com", URL, transport=issuer, now=lambda: issuer.now)
    app = todo(resource).http_app(path="/", stateless_http=True)
    raw = issuer.token(aud=resource.url, exp=NOW * 2)
    async with serving(app, app) as http:
        assert (await http.post("/", content=body(tools_call("whoami")))).status_code == 401
        answer = await http.post("/", content=body(tools_call("whoami")), headers=bearer(raw))
        assert result(answer)["content"][0]["text"] == "per_ada todo.read"


async def started(app: ASGIApp) -> str:
    """How the start of an application ends."""
    said: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "lifespan.startup" if not said else "lifespan.shutdown"}

    async def send(message: Any) -> None:
        said.append(message["type"])
        for _ in range(100):  # what begins now comes to its end
            await asyncio.sleep(0)

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return said[0]


async def test_the_transport_sse_is_refused_when_it_starts_and_when_it_is_mounted() -> None:
    resource = Resource("https://mcp.example.com/sse", URL, transport=Issuer())
    app = todo(resource).http_app(transport="sse")
    with pytest.raises(ConfigurationError, match="the transport sse is not protected"):
        await started(app)
    async with serving(app, app) as http:
        with pytest.raises(ConfigurationError, match="the transport sse is not protected"):
            await http.post("/messages/", content=body(tools_call("whoami")))


def test_a_resource_is_no_provider() -> None:
    with pytest.raises(TypeError, match=r"FastMCP wants auth=AuthwrightProvider\(resource\)"):
        FastMCP("To-do", auth=server(Issuer())).http_app()  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        server(Issuer()).nothing  # type: ignore[attr-defined]  # noqa: B018


def misspelt(issuer: Issuer, **tools: list[str]) -> FastMCP:
    return todo(Resource(RESOURCE, URL, tools=tools, transport=issuer, now=lambda: issuer.now))


CREATEITEM = (
    "tools['createitem'] protects nothing, as the server has no tool of that name; "
    "the nearest are ['create_item', 'read', 'whoami']"
)


async def test_a_rule_that_names_no_tool_of_fastmcp_is_said_at_its_start(caplog: pytest.LogCaptureFixture) -> None:
    mcp = misspelt(Issuer(), createitem=["todo.write"], create_item=["todo.write"], read=["todo.write"], **{"*": []})
    assert await started(mcp.http_app()) == "lifespan.startup.complete"
    assert caplog.messages == [CREATEITEM]


async def test_a_rule_that_names_no_tool_of_a_mounted_fastmcp_is_said_when_it_is_first_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = misspelt(Issuer(), createitem=["todo.write"]).http_app(stateless_http=True)
    async with serving(app, app) as http:
        for _ in range(3):
            await http.get("/open")
            for _ in range(100):
                await asyncio.sleep(0)
    assert caplog.messages == [CREATEITEM]


async def test_a_server_within_another_gives_its_tools_other_names(caplog: pytest.LogCaptureFixture) -> None:
    inner: FastMCP = FastMCP("Notes")

    @inner.tool
    def add_note() -> str:
        return "added"

    issuer = Issuer()
    resource = Resource(RESOURCE, URL, tools={"add_note": ["w"], "n_add_note": ["w"]}, transport=issuer)
    outer: FastMCP = FastMCP("All", auth=AuthwrightProvider(resource))
    outer.mount(inner, "n")
    await started(outer.http_app())
    assert caplog.messages == [
        "tools['add_note'] protects nothing, as the server has no tool of that name; the nearest are ['n_add_note']"
    ]


async def test_mounted_in_another_application_the_metadata_is_at_the_root() -> None:
    issuer = Issuer()
    resource = Resource("https://mcp.example.com/api/mcp", URL, transport=issuer, now=lambda: issuer.now)
    mcp = todo(resource).http_app(path="/mcp", stateless_http=True)
    raw = issuer.token(aud=resource.url, exp=NOW * 2)
    mounted = Starlette(routes=[metadata_route(resource), Mount("/api", mcp)], lifespan=mcp.lifespan)
    fastapi = FastAPI(lifespan=mcp.lifespan, routes=[metadata_route(resource)])
    fastapi.mount("/api", mcp)
    for app in (mounted, fastapi):
        async with serving(app, app) as http:
            bare = await http.post("/api/mcp", content=body(tools_call("whoami")))
            where = f"https://mcp.example.com{METADATA.removesuffix('/mcp')}/api/mcp"
            assert (bare.status_code, f'"{where}"' in bare.headers["www-authenticate"]) == (401, True)
            assert (await http.get(where)).json()["resource"] == resource.url
            answer = await http.post("/api/mcp", content=body(tools_call("whoami")), headers=bearer(raw))
            assert result(answer)["content"][0]["text"] == "per_ada todo.read"


async def test_a_route_beside_the_tools_is_open_until_it_is_protected() -> None:
    issuer = Issuer()
    resource = server(issuer)
    mcp = todo(resource)

    async def export(request: Request) -> PlainTextResponse:
        return PlainTextResponse(token(request).subject)

    mcp.custom_route("/export", methods=["GET"])(resource.require(request_response(export), "todo.read"))  # type: ignore[arg-type]
    app = mcp.http_app()
    async with serving(app, app) as http:
        assert (await http.get("/export")).status_code == 401
        assert (await http.get("/export", headers=bearer(issuer.token("other")))).status_code == 403
        assert (await http.get("/export", headers=bearer(issuer.token()))).text == "per_ada"


async def test_tools_are_tested_in_memory_for_whom_the_test_says() -> None:
    mcp = todo(server(Issuer()))
    with acting_as("per_test", scopes=["todo.read"]):
        async with Client(mcp) as client:
            assert (await client.call_tool("whoami")).data == "per_test todo.read"
    async with Client(mcp) as client:
        with pytest.raises(ToolError):
            await client.call_tool("whoami")


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
