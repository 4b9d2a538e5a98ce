"""What is protected, and who may say who gets in? One MCP server (RFC 9728 §2, RFC 8707 §2)."""

import logging
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NoReturn

import httpx

from authwright import asgi, call, config, session
from authwright.challenge import Answer, Refusal, refuse
from authwright.config import ConfigurationError, Introspection
from authwright.errors import CallError, NoTokenError, ScopeError
from authwright.introspect import Introspector
from authwright.issuer import IssuerDoor
from authwright.keys import Keyring
from authwright.messages import ASGIApp
from authwright.origin import Strangers
from authwright.scopes import Needs, Rules, closure, union
from authwright.token import Token
from authwright.verify import Verified, Verifier

DEFAULT_MAX_BODY = 4 << 20  # bytes: what the official SDKs accept too

_log = logging.getLogger("authwright")

ScopeRules = Mapping[str, Sequence[str]]


class Resource:
    """A protected MCP server. It belongs to one event loop; make one for each server you protect."""

    def __init__(
        self,
        resource: str,
        issuer: str,
        *,
        name: str = "",
        scopes: Sequence[str] = (),
        tools: ScopeRules | None = None,
        prompts: ScopeRules | None = None,
        resources: ScopeRules | None = None,
        implies: ScopeRules | None = None,
        allowed_origins: Sequence[str] = (),
        jwks_uri: str = "",
        introspection: Introspection | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        session_key: bytes | str = b"",
        max_body: int = DEFAULT_MAX_BODY,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Check the configuration. The issuer is not called before the first request.

        :param resource: the canonical URL of the MCP server, exactly as people type it into their clients: lower-case
            scheme and host, no query, no fragment, no trailing slash. Tokens must name it as their audience.
        :param issuer: the authorization server, byte for byte as in its metadata and in the iss of its tokens.
        :param name: what people are shown of the server.
        :param scopes: what every request needs, and all that a client is asked to get at first.
        :param tools: what a tools/call needs beyond scopes, by tool name. The key "*" stands for all not listed;
            without it they, and whatever is misspelt here, need no more than scopes. See also :meth:`check_tools`.
        :param prompts: the same for prompts/get.
        :param resources: the same for resources/read, by URI; a key may also end in "*", and the longest prefix counts.
        :param implies: which scopes a scope includes: ``{"todo.write": ["todo.read"]}``.
        :param allowed_origins: the web origins whose pages may call the server, besides its own:
            "https://app.example", "http://localhost:*" for any port, or "*" for all. Others are refused.
        :param jwks_uri: where the issuer's keys are; empty means as its metadata says, on its origin.
        :param introspection: has the issuer asked about tokens (RFC 7662), besides the check of the signature or alone.
        :param transport: carries requests to the issuer; None means the network.
        :param session_key: ties session ids to who got them. Replicas that share sessions share a key of at least 32
            bytes; a string stands for its bytes in UTF-8. Empty means a random one.
        :param max_body: the largest request body in bytes.
        :param now: the clock, in Unix seconds.
        :raises ConfigurationError: tells all that is wrong at once.
        """
        rules: dict[str, ScopeRules] = {
            kind: {} if by_name is None else by_name
            for kind, by_name in (
                ("tools", tools),
                ("prompts", prompts),
                ("resources", resources),
                ("implies", implies),
            )
        }
        wrong = list(_wrong(resource, issuer, scopes, rules, allowed_origins, jwks_uri, introspection))
        if isinstance(session_key, str):
            session_key = session_key.encode()
        if not isinstance(session_key, bytes):
            wrong.append(f"session_key is a {type(session_key).__name__}, it must be bytes or a string")
        elif session_key and len(session_key) < 32:
            wrong.append(f"session_key has {len(session_key)} bytes, it needs 32 or more")
        if not isinstance(max_body, int) or max_body <= 0:
            wrong.append("max_body must be a number of bytes")
        if wrong:
            raise ConfigurationError("\n".join(wrong))
        self.url = resource
        self.issuer = issuer
        self.name = name
        self.scopes = tuple(scopes)
        self.max_body = max_body
        self.now = now
        origin, self.path = config.split(resource)
        self.metadata_path = config.WELL_KNOWN + self.path
        self.metadata_url = origin + self.metadata_path
        self.origins = (origin, *allowed_origins)
        self.strangers = Strangers(now)
        self._needs = Needs(Rules(rules["tools"]), Rules(rules["prompts"]), Rules(rules["resources"]))
        self._implies = closure(rules["implies"])
        self._session_key = session_key or secrets.token_bytes(32)
        self._door = IssuerDoor(issuer, jwks_uri, transport)
        alone = introspection is not None and introspection.alone
        asks = introspection is not None and not introspection.endpoint
        self._notices = asks or not (alone or jwks_uri)  # whether the metadata of the issuer is needed
        self._verifier = Verifier(
            issuer,
            resource,
            None if alone else Keyring(self._door),
            Introspector(introspection, self._door) if introspection else None,
            self._granted,
        )

    def metadata(self) -> dict[str, object]:
        """The protected resource metadata (RFC 9728 §2). Absent members are left out."""
        document: dict[str, object] = {"resource": self.url, "authorization_servers": [self.issuer]}
        if self.scopes:
            document["scopes_supported"] = list(self.scopes)
        document["bearer_methods_supported"] = ["header"]
        if self.name:
            document["resource_name"] = self.name
        return document

    async def verify(self, token: str) -> Token:
        """Tell who a token speaks for (RFC 9068 §4, RFC 7662 §4).

        :raises AuthError: invalid_token when it is no good, temporarily_unavailable when that cannot be known now.
        """
        return (await self.admit(token)).token

    def protect(self, app: ASGIApp, *, public: Collection[str] = ()) -> ASGIApp:
        """Let only those requests through to an MCP server that carry a token with the scopes the operation needs.

        The application answers the metadata path itself, and lifespan events go through. public are the exact paths of
        what else needs no token, such as "/healthz"; everything else does. An answer is passed on as it is written, and
        ends when the token does.
        """
        return asgi.Protected(app, self, public=public)

    def require(self, app: ASGIApp, *scopes: str) -> ASGIApp:
        """protect for an application that does not speak MCP: the token must carry the scopes, the body is not read."""
        return asgi.Protected(app, self, mcp=False, scopes=scopes)

    def check_tools(self, names: Iterable[str]) -> None:
        """Warn the operator, in the log, of each rule of ``tools`` that protects nothing, as no tool has its name.

        FastMCP's provider does it by itself; call it where the server's tools are known to you alone.

        :param names: what the tools of the server are called.
        """
        names = set(names)
        for rule, nearest in self._needs.tools.naming_none(names) if names else ():
            _log.warning(
                "tools[%r] protects nothing, as the server has no tool of that name; the nearest are %s", rule, nearest
            )

    async def aclose(self) -> None:
        """Close the connections to the issuer."""
        await self._door.aclose()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """FastMCP asks what it was given as ``auth`` for its middleware."""
            if name == "get_middleware":
                raise TypeError(
                    "FastMCP wants auth=AuthwrightProvider(resource), of authwright.fastmcp, and not the Resource"
                )
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    # What follows is for the doors of this package.

    async def admit(self, token: str) -> Verified:
        """The one way in. Raises AuthError."""
        return await self._verifier.verify(token, self.now())

    def asks_again(self, known: Verified) -> float | None:
        """When the issuer must be asked about a token again, in Unix seconds; None if it is never asked."""
        return self._verifier.asks_again(known)

    def refuse(self, error: Refusal) -> Answer:
        """The answer to a request that may not pass."""
        if self._notices and isinstance(error, NoTokenError):
            self._door.notice()
        return refuse(error, self.scopes, self.metadata_url)

    def check_call(self, token: Token, called: call.Call) -> None:
        """Want the scopes of an operation (MCP 2026-07-28, Scope Challenge Handling). Raises ScopeError."""
        self.check_scopes(token, self._needs.of(called))

    def check_scopes(self, token: Token, more: Sequence[str] = ()) -> None:
        """Want the scopes that every request needs, and more. The refusal names all, so that the person is asked once.

        Raises ScopeError.
        """
        needed = union(self.scopes, more)
        if not token.granted.issuperset(needed):
            raise ScopeError(needed, token.scopes)

    def seal_session(self, id: bytes, token: Token) -> bytes:
        """The session id as its owner sees it."""
        return session.seal(self._session_key, id, token)

    def open_session(self, sealed: Sequence[bytes], token: Token) -> bytes | None:
        """The server's own session id, None if there was none. To anyone but its owner the session does not exist.

        Raises CallError: 404, on which clients begin a new one.
        """
        if not sealed:
            return None
        id = session.unseal(self._session_key, sealed[0], token) if len(sealed) == 1 else None
        if id is None:
            raise CallError(404, call.INVALID_REQUEST, "there is no such session")
        return id

    def _granted(self, scopes: tuple[str, ...]) -> frozenset[str]:
        return frozenset(union(scopes, *(self._implies.get(scope, ()) for scope in scopes)))


def _wrong(
    resource: str,
    issuer: str,
    scopes: Sequence[str],
    rules: Mapping[str, ScopeRules],
    origins: Sequence[str],
    jwks_uri: str,
    introspection: Introspection | None,
) -> Iterable[str]:
    """All that is wrong with a configuration."""
    yield from config.wrong_url("resource", resource, config.wrong_resource)
    yield from config.wrong_url("issuer", issuer, config.wrong_issuer)
    yield from config.wrong_scopes("scopes", scopes)
    for kind, by_name in rules.items():
        yield from config.wrong_rules(kind, by_name)
    yield from config.wrong_origins(origins)
    if jwks_uri:
        yield from config.wrong_url("jwks_uri", jwks_uri, config.wrong_transport)
    if isinstance(introspection, Introspection):
        yield from introspection.wrong()
    elif introspection is not None:
        yield "introspection must be an Introspection(client_id, client_secret)"
