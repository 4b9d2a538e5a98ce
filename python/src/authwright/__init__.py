"""How does a Python MCP server get protected?

A :class:`Resource` is one MCP server: where it is, who issues its tokens, and which scopes its tools need.
:meth:`Resource.protect` wraps the server's ASGI application; what gets through has a :class:`Token`, which a handler
reads with :func:`current_token`. Everything else is answered as the MCP authorization specification of 2026-07-28 and
RFC 6750 want: a challenge that leads a client to the metadata, from there to the issuer, and back with a token.

Doors for frameworks are modules of their own, each with an extra of its name: ``authwright.fastmcp``,
``authwright.mcp`` (the official SDK) and ``authwright.starlette`` (FastAPI too).
"""

from authwright.challenge import Challenge
from authwright.config import ConfigurationError, Introspection
from authwright.errors import AuthError
from authwright.messages import ASGIApp
from authwright.resource import Resource
from authwright.token import Token, acting_as, current_token

__all__ = [
    "ASGIApp",
    "AuthError",
    "Challenge",
    "ConfigurationError",
    "Introspection",
    "Resource",
    "Token",
    "acting_as",
    "current_token",
]
