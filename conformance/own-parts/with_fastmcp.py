"""with_fastmcp.py jwt|introspection: a server behind FastMCP's own RemoteAuthProvider, with nothing of ours."""

import os
import sys

from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider, TokenVerifier
from fastmcp.server.auth.providers.introspection import IntrospectionTokenVerifier
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.dependencies import get_access_token
from pydantic import AnyHttpUrl

issuer, port = os.environ["ISSUER"], int(os.environ["PORT"])
url = f"http://127.0.0.1:{port}/mcp"
scopes = ["todo.read"]

verifier: TokenVerifier
if sys.argv[1] == "jwt":
    verifier = JWTVerifier(
        jwks_uri=f"{issuer}/jwks", issuer=issuer, audience=url, algorithm="ES256", required_scopes=scopes
    )
else:
    verifier = IntrospectionTokenVerifier(
        introspection_url=f"{issuer}/introspect",
        client_id="demo-confidential",
        client_secret="demo-confidential-secret-for-local-use-only",  # noqa: S106
        audience=url,
        required_scopes=scopes,
    )
mcp = FastMCP("own parts", auth=RemoteAuthProvider(verifier, [AnyHttpUrl(issuer)], f"http://127.0.0.1:{port}"))


@mcp.tool
def whoami() -> str:
    """Tell for whom the client acts."""
    token = get_access_token()
    return f"{token.claims.get('sub')} by {token.client_id}" if token else "nobody"


mcp.run(transport="http", host="127.0.0.1", port=port, show_banner=False)
