"""What somebody who protects a server for the first time gets wrong, and what they are told."""

import asyncio
from typing import Any

import httpx
import pytest
from issuer import RESOURCE, URL, Issuer
from starlette.applications import Starlette

from authwright import AuthError, ConfigurationError, Introspection, Resource
from authwright.starlette import ProtectMiddleware

UNSET: Any = None
NO_DICT = "tools is not a dict of lists by name, such as {'create_item': ['todo.write']}"

SETTINGS: list[tuple[str, dict[str, Any], str]] = [
    (
        "one scope without its list",
        {"scopes": "todo.read"},
        "scopes is the string 'todo.read', it must be a list: ['todo.read']",
    ),
    (
        "scopes as RFC 6749 has them on the wire",
        {"scopes": "todo.read todo.write"},
        "scopes is the string 'todo.read todo.write', it must be a list: ['todo.read', 'todo.write']",
    ),
    ("scopes as bytes", {"scopes": b"todo.read"}, "scopes is a bytes, it must be a list of strings"),
    (
        "scopes that can be read once only",
        {"scopes": iter(["todo.read"])},
        "scopes is a list_iterator, it must be a list of strings",
    ),
    ("no scopes, said as None", {"scopes": None}, "scopes is a NoneType, it must be a list of strings"),
    ("a list in the list of scopes", {"scopes": [["todo.read"]]}, "scopes: ['todo.read'] is not a string"),
    (
        "a scope of a tool without its list",
        {"tools": {"create_item": "todo.write"}},
        "tools['create_item'] is the string 'todo.write', it must be a list: ['todo.write']",
    ),
    (
        "a scope of a prompt without its list",
        {"prompts": {"plan": "todo.write"}},
        "prompts['plan'] is the string 'todo.write', it must be a list: ['todo.write']",
    ),
    (
        "a scope of resources without its list",
        {"resources": {"todo://*": "todo.read"}},
        "resources['todo://*'] is the string 'todo.read', it must be a list: ['todo.read']",
    ),
    (
        "what a scope implies without its list",
        {"implies": {"todo.write": "todo.read"}},
        "implies['todo.write'] is the string 'todo.read', it must be a list: ['todo.read']",
    ),
    ("tools without their scopes", {"tools": ["create_item"]}, NO_DICT),
    ("an empty list of tools", {"tools": []}, NO_DICT),
    ("a number for a tool", {"tools": {1: ["w"]}}, NO_DICT),
    (
        "one origin without its list",
        {"allowed_origins": "https://app.example"},
        "allowed_origins is the string 'https://app.example', it must be a list: ['https://app.example']",
    ),
    ("something else among the origins", {"allowed_origins": [None]}, "allowed_origins: None is not a string"),
    ("a variable that is not set", {"issuer": None}, "issuer None: must be a string"),
    ("a session key as a number", {"session_key": 32}, "session_key is a int, it must be bytes or a string"),
    ("a short session key", {"session_key": "s" * 31}, "session_key has 31 bytes, it needs 32 or more"),
    ("a size as text", {"max_body": "4"}, "max_body must be a number of bytes"),
    (
        "introspection as a pair",
        {"introspection": ("res", "s")},
        "introspection must be an Introspection(client_id, client_secret)",
    ),
    (
        "a secret that is not set",
        {"introspection": Introspection("res", UNSET)},
        "introspection needs client_id and client_secret",
    ),
]


@pytest.mark.parametrize(("more", "want"), [pytest.param(*row, id=name) for name, *row in SETTINGS])
def test_at_the_start(more: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Resource(**{"resource": RESOURCE, "issuer": URL, **more})
    assert str(caught.value) == want


def test_paths_that_are_public_are_a_list_too() -> None:
    resource = Resource(RESOURCE, URL)
    with pytest.raises(ConfigurationError, match="public is the string '/healthz', it must be a list"):
        ProtectMiddleware(resource.protect, resource, public="/healthz")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"scopes: \['todo.read'\] is not a string"):
        resource.require(resource.protect, ["todo.read"])  # type: ignore[arg-type]


class Answering(httpx.AsyncBaseTransport):
    """An issuer that gives the same answer to everything."""

    def __init__(self, status: int, document: object = None) -> None:
        self.status, self.document = status, document
        self.asked = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        return httpx.Response(self.status, json=self.document)


METADATA = f"{URL}/.well-known/oauth-authorization-server"
MISDIRECTED = "answered 421: it does not go by the name {}: write issuer as it calls itself{}"


@pytest.mark.parametrize(
    ("issuer", "answer", "want"),
    [
        pytest.param(
            URL + "/",
            Answering(200, {"issuer": URL}),
            f"{METADATA} is of issuer {URL!r}, the configuration says {URL + '/'!r}: "
            f"if it is the one you mean, write issuer as {URL!r}",
            id="a slash too many",
        ),
        pytest.param(
            URL,
            Answering(200, {"issuer": "a" * 1000}),
            f"is of issuer {'a' * 200!r}, the configuration says",
            id="a long name",
        ),
        pytest.param(
            "http://localhost:8080",
            Answering(421),
            MISDIRECTED.format("localhost:8080", ", perhaps with 127.0.0.1 for localhost"),
            id="another name for this machine",
        ),
        pytest.param(
            "http://127.0.0.1:8080",
            Answering(421),
            MISDIRECTED.format("127.0.0.1:8080", ", perhaps with localhost for 127.0.0.1"),
            id="its number for its name",
        ),
        pytest.param(URL, Answering(421), MISDIRECTED.format("issuer.example", ""), id="an old name of the issuer"),
    ],
)
async def test_a_wrong_issuer_is_said_with_its_remedy(
    issuer: str, answer: Answering, want: str, caplog: pytest.LogCaptureFixture
) -> None:
    resource = Resource(RESOURCE, issuer, transport=answer)
    await call_without_token(resource, 3)
    [line] = caplog.messages
    assert line.startswith(f"the metadata of {issuer} cannot be used: ") and want in line
    caplog.clear()
    with pytest.raises(AuthError, match="temporarily_unavailable"):
        await resource.verify(Issuer().token())
    [line] = caplog.messages
    assert line.startswith(f"the keys of {issuer} cannot be read: ") and want in line


async def call_without_token(resource: Resource, times: int) -> None:
    app = resource.protect(Starlette())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http:
        for _ in range(times):
            assert (await http.get(RESOURCE)).status_code == 401
            for _ in range(100):
                await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        pytest.param({}, 1, id="a signature is checked"),
        pytest.param({"jwks_uri": f"{URL}/jwks"}, 0, id="the keys are named"),
        pytest.param({"introspection": Introspection("res", "s", alone=True)}, 1, id="the issuer is asked"),
        pytest.param(
            {"introspection": Introspection("res", "s", alone=True, endpoint=f"{URL}/introspect")},
            0,
            id="the issuer is asked alone, where it is named",
        ),
    ],
)
async def test_the_issuer_is_looked_at_once_and_only_if_its_metadata_is_needed(
    more: dict[str, Any], asked: int, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = Issuer()
    await call_without_token(Resource(RESOURCE, URL, transport=issuer, **more), 3)
    assert issuer.asked("/.well-known/oauth-authorization-server") == asked
    assert caplog.messages == []


async def test_a_secret_that_is_not_accepted_is_named(caplog: pytest.LogCaptureFixture) -> None:
    asking = Introspection("res", "mistyped", alone=True, endpoint=f"{URL}/introspect")
    resource = Resource(RESOURCE, URL, transport=Answering(401), introspection=asking)
    with pytest.raises(AuthError, match="temporarily_unavailable"):
        await resource.verify("opaque")
    [line] = caplog.messages
    assert line.endswith("answered 401: the client_id or the client_secret of introspection is not accepted")
    assert "mistyped" not in line


async def test_a_page_that_may_not_call_is_named_once_a_minute_and_never_many(caplog: pytest.LogCaptureFixture) -> None:
    issuer = Issuer()
    now = [1000.0]
    resource = Resource(RESOURCE, URL, transport=issuer, allowed_origins=["https://app.example"], now=lambda: now[0])

    async def said(page: bytes, later: float = 0.0) -> list[str]:
        now[0] += later
        caplog.clear()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(resource.protect(Starlette()))) as http:
            assert (await http.get(RESOURCE, headers={b"Origin": page})).status_code == 403
        return caplog.messages

    def line(page: str) -> list[str]:
        refused = "a request from another origin was refused"
        return [f"{refused}: {page!r}: if its pages may call this server, name it in allowed_origins"]

    assert await said(b"http://localhost:5173") == line("http://localhost:5173")
    assert await said(b"http://localhost:5173", 59.9) == []
    assert await said(b"http://localhost:5173", 0.2) == line("http://localhost:5173")
    assert await said(b"https://\xe9\t.example") == line("https://??.example")
    assert await said(b"https://" + b"a" * 1000) == line("https://" + "a" * 192)
    more = [await said(b"https://p%d.example" % n) for n in range(100)]
    assert sum(map(len, more)) == 16 - 3
