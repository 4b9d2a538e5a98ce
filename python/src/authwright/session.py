"""Whose session is this? (MCP 2025-11-25, Session Management; Security Best Practices, Session Hijacking)"""

import hashlib
import hmac

from authwright.jwk import encode
from authwright.token import Token

HEADER = b"mcp-session-id"


def seal(key: bytes, id: bytes, token: Token) -> bytes:
    """The session id as the client sees it: the server's own, and behind the last dot a MAC over it and who got it.

    Nothing is stored, and no id works for another person, organization or client.
    """
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in (token.issuer, token.subject, token.org_id, token.client_id):
        mac.update(len(part.encode()).to_bytes(8) + part.encode())
    mac.update(len(id).to_bytes(8) + id)
    return id + b"." + encode(mac.digest()[:16]).encode()


def unseal(key: bytes, sealed: bytes, token: Token) -> bytes | None:
    """The server's own session id, if the request comes from who got it; None for anyone else."""
    id, _, _ = sealed.rpartition(b".")
    if not id or not hmac.compare_digest(seal(key, id, token), sealed):
        return None
    return id
