"""The cases that Go, TypeScript and Python decide alike: conformance/vectors/README.md says what the members mean."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from authwright import AuthError, Challenge, ConfigurationError, Introspection, Resource
from authwright.messages import Message

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"

JSONObject = dict[str, Any]
Case = tuple[JSONObject, JSONObject]


def cases() -> Iterator[Any]:
    for path in sorted(VECTORS.glob("*.json")):
        file = json.loads(path.read_text(encoding="utf-8"))
        for case in file["cases"]:
            yield pytest.param(file, case, id=f"{path.name}/{case['name']}")


CASES = list(cases())


class Documents(httpx.AsyncBaseTransport):
    """An issuer that answers URLs with documents, without the network."""

    def __init__(self, documents: JSONObject) -> None:
        self.documents = documents

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        document = self.documents.get(str(request.url))
        if document is None:
            return httpx.Response(404)
        headers = {"location": document["location"]} if "location" in document else {}
        body = document.get("body", "") + " " * document.get("spaces", 0)
        return httpx.Response(document.get("status", 200), headers=headers, content=body.encode())


def resource_of(file: JSONObject, case: JSONObject) -> Resource:
    """The protected server of a case: the file's configuration, where the case does not replace a member."""
    config = {**file.get("config", {}), **case.get("config", {})}
    documents = {**file.get("documents", {}), **case.get("documents", {})}
    introspection = config.pop("introspection", None)
    return Resource(
        config.pop("resource", ""),
        config.pop("issuer", ""),
        introspection=Introspection(**introspection) if introspection else None,
        transport=Documents(documents),
        now=lambda: float(file.get("now", 0)),
        **config,
    )


def test_there_are_vectors() -> None:
    assert len(CASES) >= 490


@pytest.mark.parametrize(("file", "case"), CASES)
def test_vector(file: JSONObject, case: JSONObject) -> None:
    match file["kind"]:
        case "token":
            asyncio.run(check_token(file, case))
        case "request":
            asyncio.run(check_request(file, case))
        case "metadata":
            check_metadata(file, case)
        case "challenge":
            assert str(Challenge(**case["challenge"])) == case["want"]["challenge"]
        case kind:
            pytest.fail(f"the kind {kind!r} is not known to this runner")


async def check_token(file: JSONObject, case: JSONObject) -> None:
    resource = resource_of(file, case)
    want = {"org_id": "", "scopes": [], **case["want"]} if "error" not in case["want"] else case["want"]
    for turn in ("first", "again"):
        try:
            token = await resource.verify(case["token"])
            got: JSONObject = {
                "subject": token.subject,
                "client_id": token.client_id,
                "org_id": token.org_id,
                "scopes": list(token.scopes),
            }
        except AuthError as error:
            got = {"error": error.code}
        assert got == want, f"{turn}: verify({case['token']!r})"


class Behind:
    """The server behind: it keeps what reached it."""

    reached: bytes | None = None

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        message = await receive()
        assert not message["more_body"]
        self.reached = message["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})


async def check_request(file: JSONObject, case: JSONObject) -> None:
    request, want, behind = case["request"], case["want"], Behind()
    body = fill(request.get("body", ""), file["tokens"]).encode()
    if "body_base64" in request:
        body = base64.b64decode(request["body_base64"])
    path, _, query = fill(request["target"], file["tokens"]).partition("?")
    headers = [(k.lower().encode(), fill(v, file["tokens"]).encode()) for k, v in request.get("headers", [])]
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Message = {
        "type": "http", "method": request["method"], "path": path, "query_string": query.encode(), "headers": headers,
    }  # fmt: skip
    await resource_of(file, case).protect(behind)(scope, receive, send)

    assert sent[0]["status"] == want["status"], sent[1]["body"]
    assert (behind.reached is not None) == (want["status"] == 200)
    if behind.reached is not None and request["method"] == "POST":
        assert behind.reached == body
    check_challenge([v.decode() for k, v in sent[0]["headers"] if k == b"www-authenticate"], want)
    if "rpc_code" in want:
        check_rpc(json.loads(sent[1]["body"]), want)


def fill(text: str, tokens: dict[str, str]) -> str:
    for name, token in tokens.items():
        text = text.replace("${" + name + "}", token)
    return text


def check_challenge(got: list[str], want: JSONObject) -> None:
    """Want the header byte for byte where the case has it, else one with the error, else none."""
    if "challenge" in want:
        assert got == [want["challenge"]]
    elif "error" in want:
        assert len(got) == 1
        assert got[0].startswith(f'Bearer error="{want["error"]}"')
    else:
        assert got == []


def check_rpc(answer: JSONObject, want: JSONObject) -> None:
    assert answer["jsonrpc"] == "2.0"
    assert answer["error"]["code"] == want["rpc_code"]
    assert answer["error"]["message"]
    assert answer.get("id") == want.get("rpc_id")
    assert ("id" in answer) == ("rpc_id" in want)


def check_metadata(file: JSONObject, case: JSONObject) -> None:
    want = case["want"]
    if "error" in want:
        with pytest.raises(ConfigurationError):
            resource_of(file, case)
        return
    resource = resource_of(file, case)
    assert resource.metadata_path == want["metadata_path"]
    assert resource.metadata_url == want["metadata_url"]
    assert resource.metadata() == want["metadata"]
