"""An issuer with real keys and no network, which a test may turn off, change and count."""

import json
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

URL = "https://issuer.example"
RESOURCE = "https://mcp.example.com/mcp"
NOW = 1_800_000_000


class Issuer(httpx.AsyncBaseTransport):
    """Answers metadata, keys and introspection. ``requests`` are the paths asked for, in order."""

    def __init__(self) -> None:
        self.now = float(NOW)
        self.down = False
        self.keys = [new_key("one")]
        self.revoked: set[str] = set()
        self.requests: list[str] = []

    def token(self, scope: str = "todo.read", *, key: int = -1, **claims: Any) -> str:
        """An access token for ten minutes from now."""
        said = {
            "iss": URL,
            "sub": "per_ada",
            "aud": RESOURCE,
            "client_id": "cli_1",
            "iat": int(self.now),
            "exp": int(self.now) + 600,
            "jti": "t1",
            "scope": scope,
        }
        signer = self.keys[key]
        header = {"alg": "ES256", "typ": "at+jwt", "kid": signer.kid}
        return jwt.encode(header, {**said, **claims}, signer)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request.url.path)
        if self.down:
            raise httpx.ConnectError("refused")
        match request.url.path:
            case "/.well-known/oauth-authorization-server":
                document = {"issuer": URL, "jwks_uri": f"{URL}/jwks", "introspection_endpoint": f"{URL}/introspect"}
                return httpx.Response(200, json=document)
            case "/jwks":
                return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
            case "/introspect":
                form = httpx.QueryParams((await request.aread()).decode())
                return httpx.Response(200, json={"active": form["token"] not in self.revoked})
        return httpx.Response(404)

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return self.requests.count(path)


def new_key(kid: str) -> ECKey:
    """A fresh signing key."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})


def tools_call(name: str, **arguments: Any) -> dict[str, Any]:
    """A JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}}


def body(message: dict[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(message).encode()
