"""Whatever strangers send, the answer is one of ours, and a token that was changed is none.

The same inputs each time; with AUTHWRIGHT_FUZZ=20000 so many others.
"""

import asyncio
import base64
import json
import os
import re
from collections.abc import Coroutine
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from issuer import RESOURCE, URL, Issuer

from authwright import AuthError, Introspection, Resource
from authwright.bearer import bearer_token
from authwright.call import parse_call
from authwright.challenge import Headers
from authwright.errors import CallError, NoTokenError
from authwright.messages import Message
from authwright.origin import allowed

LONGER = os.environ.get("AUTHWRIGHT_FUZZ")

fuzzed = settings(
    max_examples=int(LONGER or 100),
    derandomize=LONGER is None,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

ISSUER = Issuer()
GOOD = ISSUER.token()
UNKNOWN = {"invalid_token", "temporarily_unavailable"}


class Odd(httpx.AsyncBaseTransport):
    """The issuer, but for what it says at one path."""

    def __init__(self, path: str, text: bytes) -> None:
        self.path, self.text = path, text

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == self.path:
            return httpx.Response(200, content=self.text)
        return await ISSUER.handle_async_request(request)


def resource(transport: httpx.AsyncBaseTransport = ISSUER, **more: Any) -> Resource:
    return Resource(RESOURCE, URL, scopes=["todo.read"], transport=transport, now=lambda: ISSUER.now, **more)


async def refusal(trial: Coroutine[Any, Any, Any]) -> str:
    """The code with which something is refused; empty if it is not. Any other exception fails the test."""
    try:
        await trial
    except AuthError as error:
        return error.code
    return ""


def verified(raw: str, transport: httpx.AsyncBaseTransport = ISSUER, **more: Any) -> str:
    return asyncio.run(refusal(resource(transport, **more).verify(raw)))


def base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


# JSON with mistakes that readers take differently: members twice, other letters, cut off, nested, not JSON.
WORDS = st.text() | st.sampled_from(
    ["iss", "aud", "Alg", "kid", "method", "params", "name", "id", "\ud800", "\0", "\u0131", "\u017f"]
)
SCALARS = (
    st.sampled_from(["null", "true", "1e400", "-0", "1.8e9", "NaN", "Infinity", "01", '"\\ud800"', "9" * 5000])
    | st.integers().map(str)
    | WORDS.map(json.dumps)
)
NEAR_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda values: f"[{','.join(values)}]")
        | st.lists(st.tuples(WORDS.map(json.dumps), inner), max_size=4).map(
            lambda members: "{" + ",".join(f"{key}:{value}" for key, value in members) + "}"
        )
    ),
    max_leaves=8,
)
NESTED = st.tuples(st.sampled_from([("[", "]"), ('{"a":', "}")]), st.integers(0, 5000)).map(
    lambda one: one[0][0] * one[1] + "1" + one[0][1] * one[1]
)
CUT = st.tuples(NEAR_JSON, st.integers(1, 20)).map(lambda one: one[0][: -one[1]])
DOCUMENTS = (NEAR_JSON | NESTED | CUT).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary()

EDITS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 3),
        st.text(max_size=3) | st.sampled_from([".", "=", "A", "-", "_", "\n", "é", ""]),
    ),
    min_size=1,
    max_size=4,
)


def edited(text: str, edits: list[tuple[float, int, str]]) -> str:
    """A text in which something was replaced, put in or taken out."""
    for at, take, put in edits:
        start = int(at * len(text))
        text = text[:start] + put + text[start + take :]
    return text


@fuzzed
@given(st.text())
def test_any_text_is_no_token(raw: str) -> None:
    assert verified(raw) == "invalid_token"


@fuzzed
@given(DOCUMENTS, DOCUMENTS, st.binary())
def test_any_three_segments_are_no_token(header: bytes, claims: bytes, signature: bytes) -> None:
    assert verified(".".join(map(base64url, (header, claims, signature)))) == "invalid_token"


@fuzzed
@given(DOCUMENTS, st.binary(min_size=60, max_size=68))
def test_our_header_alone_makes_no_token(claims: bytes, signature: bytes) -> None:
    raw = f"{GOOD.split('.')[0]}.{base64url(claims)}.{base64url(signature)}"
    assert verified(raw) == "invalid_token"


@fuzzed
@given(EDITS)
def test_a_token_that_was_changed_is_refused(edits: list[tuple[float, int, str]]) -> None:
    raw = edited(GOOD, edits)
    assert verified(raw) == ("" if raw == GOOD else "invalid_token")


CLAIM_NAMES = st.sampled_from("iss aud sub client_id iat exp nbf scope org_id jti cnf x".split())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@fuzzed
@given(st.dictionaries(CLAIM_NAMES, VALUES))
def test_a_signed_token_says_who_acts_or_is_refused(claims: dict[str, Any]) -> None:
    server, raw = resource(), ISSUER.token(**claims) if "scope" in claims else ISSUER.token("", **claims)
    code = asyncio.run(refusal(server.verify(raw)))
    assert code in ("", "invalid_token")
    if not code:
        token = asyncio.run(server.verify(raw))
        assert token.issuer == URL
        assert RESOURCE in token.audience
        assert token.subject
        assert token.client_id


def test_a_claim_that_is_a_number_of_many_digits_harms_nobody() -> None:
    digits = "9" * 5000
    claims = json.dumps({"iss": URL, "sub": "a", "aud": RESOURCE, "client_id": "c", "iat": int(ISSUER.now), "exp": 4e9})
    answer = f'{{"active":true,"x":{digits},{claims[1:]}'.encode()
    asked = Introspection("resource", "secret", alone=True)
    token = asyncio.run(resource(Odd("/introspect", answer), introspection=asked).verify("opaque"))
    assert token.claims["x"] == float("inf")


@fuzzed
@given(st.sampled_from(["/.well-known/oauth-authorization-server", "/jwks"]), DOCUMENTS)
def test_whatever_an_issuer_publishes_lets_nobody_in_without_a_token(path: str, text: bytes) -> None:
    assert verified(GOOD, Odd(path, text)) in {"", *UNKNOWN}
    assert verified(GOOD[:-4] + "AAAA", Odd(path, text)) in UNKNOWN


KEY_VALUES = VALUES | st.sampled_from(["EC", "RSA", "OKP", "oct", "P-256", "Ed25519", "one", "AQAB", "A" * 43])


@fuzzed
@given(st.lists(st.dictionaries(st.sampled_from("kty kid use alg crv x y n e k".split()), KEY_VALUES), max_size=3))
def test_odd_keys_let_nobody_in(keys: list[dict[str, Any]]) -> None:
    assert verified(GOOD, Odd("/jwks", json.dumps({"keys": keys}).encode())) in UNKNOWN


ANSWER_VALUES = VALUES | st.sampled_from([True, URL, RESOURCE, int(ISSUER.now) - 1, int(ISSUER.now) + 600])
ANSWER_NAMES = st.sampled_from("active Active iss aud sub client_id iat exp scope".split())
ANSWERS = DOCUMENTS | st.dictionaries(ANSWER_NAMES, ANSWER_VALUES).map(lambda said: json.dumps(said).encode())


@fuzzed
@given(ANSWERS)
def test_the_issuers_word_is_believed_only_when_it_is_whole(text: bytes) -> None:
    asked = Introspection("resource", "secret", alone=True)
    code = verified("opaque", Odd("/introspect", text), introspection=asked)
    assert code in {"", *UNKNOWN}
    if not code:
        said = json.loads(text)
        assert said["active"] is True
        assert said["iss"] == URL
        assert RESOURCE in said["aud"]


BEARERS = st.binary() | st.binary().map(lambda value: b"Bearer " + value) | st.from_regex(rb"[Bb]earer +[\w.~+/-]*=*")


@fuzzed
@given(st.lists(BEARERS, max_size=2))
def test_any_authorization_header_has_a_token_or_not(values: list[bytes]) -> None:
    try:
        token = bearer_token([(b"authorization", value) for value in values])
    except (NoTokenError, AuthError):
        return
    assert re.fullmatch(r"[A-Za-z0-9\-._~+/]+=*", token)
    assert len(values) == 1


METHODS = st.sampled_from(["tools/call", "prompts/get", "resources/read", "ping", "Tools/Call"])
MESSAGES = st.tuples(METHODS, NEAR_JSON).map(
    lambda one: f'{{"jsonrpc":"2.0","id":1,"method":"{one[0]}","params":{one[1]}}}'
)
BATCHES = st.lists(MESSAGES, max_size=3).map(lambda messages: f"[{','.join(messages)}]")
EDITED = st.tuples(MESSAGES, EDITS).map(lambda one: edited(*one))
BODIES = DOCUMENTS | (MESSAGES | BATCHES | EDITED).map(lambda text: text.encode("utf-8", "surrogatepass"))


@fuzzed
@given(BODIES)
def test_any_body_is_read_as_every_other_reader_does_or_refused(body: bytes) -> None:
    try:
        call = parse_call(body)
    except CallError as error:
        assert error.status == 400
        return
    message = json.loads(body, parse_int=str)
    assert message.get("method", "") == call.method
    if call.name:
        assert call.name in (message["params"].get("name"), message["params"].get("uri"))


@pytest.mark.parametrize(
    "body", [b"[" * 1_000_000, b'{"a":' * 1_000_000, b'{"params":' + b"[" * 257 + b"]" * 257 + b"}", b'"' * 1_000_000]
)
def test_a_body_nested_without_end_is_refused(body: bytes) -> None:
    with pytest.raises(CallError):
        parse_call(body)


ORIGINS = ["https://app.example", "http://localhost:*"]
NEAR_ORIGINS = st.tuples(
    st.sampled_from([*ORIGINS, "http://localhost"]),
    st.text(max_size=6) | st.integers(0, 99999).map(lambda port: f":{port}"),
).map("".join)


@fuzzed
@given(st.lists(st.text() | NEAR_ORIGINS, max_size=2))
def test_any_origin_is_one_that_may_call_or_is_refused(sent: list[str]) -> None:
    assume("http://localhost:*" not in sent)  # which no browser sends
    headers = [(b"origin", origin.encode("utf-8", "surrogatepass")) for origin in sent]
    known = r"https://app\.example|http://localhost(:[0-9]{1,5})?"
    assert allowed(headers, ORIGINS) == (not sent or (len(sent) == 1 and re.fullmatch(known, sent[0]) is not None))


HEADER_NAMES = st.sampled_from(
    "authorization origin mcp-session-id mcp-method mcp-name mcp-protocol-version content-type content-encoding".split()
).map(str.encode)
HEADER_VALUES = st.binary(max_size=20) | st.sampled_from(
    [
        f"Bearer {GOOD}".encode(),
        URL.encode(),
        b"https://mcp.example.com",
        b"2026-07-28",
        b"=?base64?dG9vbHM=?=",
        b"tools/call",
    ]
)


@fuzzed
@given(st.sampled_from("GET POST DELETE OPTIONS PUT".split()), st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES)), BODIES)
def test_every_request_is_answered_and_none_gets_through_without_a_token(
    method: str, headers: Headers, body: bytes
) -> None:
    reached = False
    statuses: list[int] = []

    async def behind(scope: Message, receive: Any, send: Any) -> None:
        nonlocal reached
        reached = True
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        statuses.extend([message["status"]] if "status" in message else [])

    scope: Message = {"type": "http", "method": method, "path": "/mcp", "headers": headers}

    async def serve() -> None:
        await resource().protect(behind)(scope, receive, send)

    asyncio.run(serve())
    assert len(statuses) == 1
    assert statuses[0] in (200, 204, 400, 401, 403, 404, 413, 415)
    assert reached == (statuses[0] == 200)
    assert not reached or (b"authorization", f"Bearer {GOOD}".encode()) in headers
