"""What does a check cost? Prints a row a line: ``.venv/bin/python bench/verify.py``."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from authwright import Resource
from authwright.messages import Message

ISSUER, URL = "https://issuer.example", "https://mcp.example.com/mcp"
KEYS = {
    "ES256": ECKey.generate_key("P-256", {"kid": "ES256"}),
    "EdDSA": OKPKey.generate_key("Ed25519", {"kid": "EdDSA"}),
    "RS256": RSAKey.generate_key(2048, {"kid": "RS256"}),
}
CALL = json.dumps(
    {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "a", "arguments": {}}}
).encode()


def answer(request: httpx.Request) -> httpx.Response:
    """The issuer's documents."""
    if request.url.path == "/jwks":
        return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in KEYS.values()]})
    return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"})


def token(alg: str, n: int) -> str:
    """A fresh access token."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "sub": "p",
        "aud": URL,
        "client_id": "c",
        "iat": now,
        "exp": now + 600,
        "jti": str(n),
        "scope": "a",
    }
    return jwt.encode({"alg": alg, "typ": "at+jwt", "kid": alg}, claims, KEYS[alg], algorithms=[alg])


async def each(what: str, count: int, run: Callable[[int], Awaitable[Any]]) -> None:
    """Print the microseconds that one of count runs takes, the best of five rounds."""
    best = float("inf")
    for turn in range(5):
        start = time.perf_counter()
        for n in range(count):
            await run(turn * count + n)
        best = min(best, (time.perf_counter() - start) / count)
    sys.stdout.write(f"| {what} | {best * 1e6:.1f} µs |\n")


async def main() -> None:
    """All rows."""
    resource = Resource(URL, ISSUER, transport=httpx.MockTransport(answer))
    known = token("ES256", 0)
    await resource.verify(known)
    await each("a token that was verified before", 20000, lambda _: resource.verify(known))
    for alg in KEYS:
        fresh = [token(alg, n) for n in range(2500)]
        await each(f"a new token, {alg}", 500, lambda n, fresh=fresh: resource.verify(fresh[n]))
    await each("a whole tool call through `protect`, token known", 5000, calls(resource, known))


def calls(resource: Resource, raw: str) -> Callable[[int], Awaitable[None]]:
    """A tool call to a server that answers nothing."""

    async def behind(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def receive() -> Message:
        return {"type": "http.request", "body": CALL, "more_body": False}

    async def send(message: Message) -> None:
        pass

    app, headers = resource.protect(behind), [(b"authorization", f"Bearer {raw}".encode())]

    async def one(_: int) -> None:
        await app({"type": "http", "method": "POST", "path": "/mcp", "headers": headers}, receive, send)

    return one


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # joserfc has one for EdDSA
    asyncio.run(main())
