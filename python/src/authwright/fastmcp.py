"""How do I use Authwright with FastMCP? Install ``authwright[fastmcp]``; for FastMCP 4.1 or later."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken, AuthProvider
from fastmcp.server.context import set_transport
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from pydantic import AnyHttpUrl
from starlette.authentication import AuthCredentials
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.routing import Route

from authwright.asgi import TOKEN, Protected
from authwright.bearer import bearer_token
from authwright.config import ConfigurationError
from authwright.errors import AuthError
from authwright.messages import ASGIApp, Message, Receive, Scope, Send
from authwright.resource import Resource
from authwright.starlette import metadata_route
from authwright.token import Token, current_token

__all__ = ["AuthwrightProvider", "current_token"]

CHECK_TIMEOUT = 5.0  # seconds for listing the server's own tools

_log = logging.getLogger("authwright")


class AuthwrightProvider(AuthProvider):
    """Protects a FastMCP server: ``FastMCP("To-do", auth=AuthwrightProvider(resource))``.

    Each request to the MCP endpoint is decided on before FastMCP sees it: the token, and the scopes of the tool, prompt
    or resource that the body names. A tool reads who calls with :func:`current_token`, or with FastMCP's own
    ``get_access_token``, whose scopes include those that are implied. Custom routes stay open, as in FastMCP; for them
    there is :meth:`Resource.require`. A rule that names none of the server's tools is said in the log.
    """

    def __init__(self, resource: Resource) -> None:
        """Protect the server that is at resource.url; FastMCP's path must be the end of it.

        :param resource: where the server is, who issues its tokens and what its tools need.
        """
        super().__init__(base_url=resource.url.removesuffix(resource.path), required_scopes=list(resource.scopes))
        self.resource = resource

    async def verify_token(self, token: str) -> AccessToken | None:
        """Tell who a token speaks for; None if it is no good (RFC 9068 §4).

        :raises AuthError: temporarily_unavailable if the issuer does not answer.
        """
        try:
            return access_token(token, await self.resource.verify(token))
        except AuthError as error:
            if error.code == "temporarily_unavailable":
                raise
            return None

    def set_mcp_path(self, mcp_path: str | None) -> None:
        """Take note of FastMCP's path, and of the resource being where its clients will look.

        :raises ValueError: the path is not the end of the resource's URL.
        """
        super().set_mcp_path(mcp_path)
        path = "" if mcp_path is None or (mcp_path == "/" and not self.resource.path) else mcp_path
        if not self.resource.path.endswith(path):
            raise ValueError(
                f"FastMCP serves at {mcp_path}, but the resource is {self.resource.url}: they must agree, to the letter"
            )

    def get_routes(self, mcp_path: str | None = None) -> list[Route]:
        """The route of the protected resource metadata (RFC 9728 §3.1)."""
        self.set_mcp_path(mcp_path)
        return [metadata_route(self.resource)]

    def get_middleware(self) -> list[Middleware]:
        """What stands in front of FastMCP's application. Behind it FastMCP refuses whatever nobody vouched for."""
        return [Middleware(_Door, self), Middleware(AuthContextMiddleware)]

    def _get_resource_url(self, path: str | None = None) -> AnyHttpUrl | None:
        return AnyHttpUrl(self.resource.url)

    def guards(self, path: str) -> bool:
        """Tell whether a path of the application is the MCP endpoint."""
        return path.rstrip("/").endswith((self._mcp_path or "").rstrip("/"))


class _Door:
    """Has the MCP endpoint protected, and tells FastMCP who calls."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], provider: AuthwrightProvider) -> None:
        self._app: ASGIApp = app
        self._provider = provider
        self._protected = Protected(self._introduce, provider.resource)
        self._checking: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the lifespan. An application that is mounted sees requests only."""
        state = scope["app"].state
        if getattr(state, "transport_type", None) == "sse":
            raise ConfigurationError("the transport sse is not protected, only http is: mcp.run(transport='http')")
        if scope["type"] == "lifespan":
            send = self._when_started(state, send)
        elif self._checking is None:
            self._begin_checking(state)
        if scope["type"] == "http" and self._provider.guards(scope["path"]):
            await self._protected(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _when_started(self, state: State, send: Send) -> Send:
        """A send that has the tools checked when all that may bring them has started."""

        async def started(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._begin_checking(state)

        return started

    def _begin_checking(self, state: State) -> None:
        server = getattr(state, "fastmcp_server", None)
        if server is not None:
            self._checking = asyncio.create_task(self._check_tools(server))

    async def _check_tools(self, server: FastMCP) -> None:
        """Have rules that name no tool said. Tools of other servers may be out of reach: then nothing is known."""
        set_transport("stdio")  # for which FastMCP lists what needs authorization too; for this task alone
        try:
            async with asyncio.timeout(CHECK_TIMEOUT):
                tools = await server.list_tools(run_middleware=False)
        except Exception:
            _log.debug("the tools of %s cannot be listed", server.name, exc_info=True)
        else:
            self._provider.resource.check_tools(tool.name for tool in tools)

    async def _introduce(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = access_token(bearer_token(scope["headers"]), scope[TOKEN])
        scope["auth"], scope["user"] = AuthCredentials(token.scopes), AuthenticatedUser(token)
        await self._app(scope, receive, send)


def access_token(raw: str, token: Token) -> AccessToken:
    """A verified token as FastMCP and the official SDK know it. Its scopes include those that are implied."""
    return AccessToken(
        token=raw,
        client_id=token.client_id,
        scopes=sorted(token.granted),
        expires_at=token.expires,
        subject=token.subject,
        claims=dict(token.claims),
    )
