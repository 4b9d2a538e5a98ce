"""Which operation does a request ask for?

From the body, which is what the server acts on, never from the headers, which must agree (MCP 2026-07-28, Streamable
HTTP, Standard Request Headers).
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from authwright.errors import CallError
from authwright.strictjson import JSON, MalformedError, Number, misspelled, parse

HEADERS_SINCE = b"2026-07-28"  # the revision that requires Mcp-Method and Mcp-Name
MAX_DEPTH = 256

# JSON-RPC 2.0 §5.1; MCP 2026-07-28, error codes.
PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
HEADER_MISMATCH = -32020

_TARGETS = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "resources/subscribe": "uri",
    "resources/unsubscribe": "uri",
}
_NAMED_IN_HEADER = ("tools/call", "prompts/get", "resources/read")
_NOT_PLAIN = re.compile("[\x00-\x1f\x7f\ufffd\ud800-\udfff]")


@dataclass(frozen=True)
class Call:
    """What a POST asks for. A response or a GET has no method.

    ``name`` is of the tool or prompt, or the URI of the resource; ``id`` is JSON text.
    """

    method: str = ""
    name: str = ""
    id: str | None = None


def parse_call(body: bytes) -> Call:
    """Read one JSON-RPC message, the only way in which it can be understood (RFC 8259 §4).

    Raises CallError.
    """
    try:
        message = parse(body, MAX_DEPTH)
    except MalformedError as error:
        raise CallError(400, PARSE_ERROR, str(error)) from error
    if isinstance(message, list):
        raise CallError(400, PARSE_ERROR, "batches are not accepted")
    if not isinstance(message, dict):
        raise CallError(400, PARSE_ERROR, "the body is not a JSON object")
    id = _id_text(message.get("id"))
    if exact := misspelled(message, ("jsonrpc", "id", "method", "params", "result", "error")):
        raise CallError(400, INVALID_REQUEST, f"a member must be spelled {exact}", id)
    method = ""
    if "method" in message:
        method = _plain(message["method"])
        if not method:
            raise CallError(400, INVALID_REQUEST, "method must be a plain string", id)
    if ("result" in message or "error" in message) == bool(method):
        raise CallError(400, INVALID_REQUEST, "the message must be either a request or a response", id)
    return Call(method, _target(method, message.get("params"), id), id)


def _target(method: str, params: JSON, id: str | None) -> str:
    """The tool, prompt or resource that the parameters name."""
    member = _TARGETS.get(method)
    if not isinstance(params, dict):
        if member:
            raise CallError(400, INVALID_PARAMS, f"params must be an object with {member}", id)
        return ""
    if exact := misspelled(params, ("name", "uri", "arguments", "_meta")):
        raise CallError(400, INVALID_PARAMS, f"a member of params must be spelled {exact}", id)
    if member is None:
        return ""
    name = _plain(params.get(member))
    if not name:
        raise CallError(400, INVALID_PARAMS, f"{member} must be a plain string", id)
    return name


def _plain(value: JSON) -> str:
    """A string without control characters and without what stands for broken UTF-16; empty for all else."""
    if not isinstance(value, str) or isinstance(value, Number) or _NOT_PLAIN.search(value):
        return ""
    return value


def _id_text(id: JSON) -> str | None:
    if isinstance(id, Number):
        return str(id)
    return json.dumps(id) if isinstance(id, str) else None


def check_headers(headers: Iterable[tuple[bytes, bytes]], call: Call) -> None:
    """Want Mcp-Method and Mcp-Name to say what the body says. Before 2026-07-28 they may be absent, and on a
    notification always: the official TypeScript client, and with it Claude Code, sends them with requests only.

    Header names are in lower case, as ASGI has them. Raises CallError.
    """
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name, []).append(value)
    versions = found.get(b"mcp-protocol-version", [])
    if len(versions) > 1:
        raise _mismatch("MCP-Protocol-Version is there more than once", call)
    named = call.method != "" and not call.method.startswith("notifications/")
    required = bool(versions) and versions[0] >= HEADERS_SINCE and named
    _check_header("Mcp-Method", found, call.method, required, call)
    if call.method in _TARGETS:
        _check_header("Mcp-Name", found, call.name, required and call.method in _NAMED_IN_HEADER, call)


def _check_header(header: str, found: dict[bytes, list[bytes]], want: str, required: bool, call: Call) -> None:
    values = found.get(header.lower().encode(), [])
    if not values:
        if required:
            raise _mismatch(f"the {header} header is missing", call)
        return
    if len(values) > 1:
        raise _mismatch(f"the {header} header is there more than once", call)
    if _decode(values[0]) != want.encode():
        raise _mismatch(f"the {header} header does not agree with the body", call)


def _decode(value: bytes) -> bytes | None:
    """Read a value that may be in the form =?base64?…?=. None if it is broken."""
    if not (value.startswith(b"=?base64?") and value[9:].endswith(b"?=")):
        return value
    encoded = value[9:-2]
    try:
        decoded = base64.b64decode(encoded, validate=True)
        decoded.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return decoded if base64.b64encode(decoded) == encoded else None


def _mismatch(text: str, call: Call) -> CallError:
    return CallError(400, HEADER_MISMATCH, text, call.id)
