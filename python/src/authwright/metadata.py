"""What does GET /.well-known/oauth-protected-resource… answer? (RFC 9728 §3)"""

from __future__ import annotations

from typing import TYPE_CHECKING

from authwright.challenge import Answer
from authwright.origin import REQUEST_HEADERS

if TYPE_CHECKING:
    from authwright.resource import Resource


def metadata_answer(resource: Resource, method: str) -> Answer:
    """The protected resource metadata. Anyone may read it, from any page."""
    anyone = (b"access-control-allow-origin", b"*")
    match method:
        case "OPTIONS":
            allow = (b"access-control-allow-methods", b"GET, HEAD, OPTIONS")
            asked = (b"access-control-allow-headers", REQUEST_HEADERS)
            return Answer(204, [anyone, allow, asked, (b"access-control-max-age", b"600")], b"")
        case "GET" | "HEAD":
            return Answer.json(200, resource.metadata(), anyone, (b"cache-control", b"public, max-age=300"))
        case _:
            return Answer.text(405, "method not allowed", anyone, (b"allow", b"GET, HEAD, OPTIONS"))
