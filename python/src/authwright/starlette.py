"""How do I use Authwright with Starlette or FastAPI? Install ``authwright[starlette]``."""

from starlette.requests import HTTPConnection
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from authwright.asgi import TOKEN, Protected
from authwright.messages import respond
from authwright.metadata import metadata_answer
from authwright.resource import Resource
from authwright.token import Token

__all__ = ["ProtectMiddleware", "metadata_route", "routes", "token"]

ProtectMiddleware = Protected
"""``app.add_middleware(ProtectMiddleware, resource=resource, public=["/healthz"])``: everything else needs a token."""


def routes(resource: Resource, app: ASGIApp) -> list[Route]:
    """The routes of a protected MCP server beside other routes: its path, with and without a slash, and its metadata.

    :param resource: where the server is, who issues its tokens and what its tools need.
    :param app: the MCP server. It sees the whole path; its lifespan is for whoever mounts it to run.
    """
    protected = _Endpoint(resource.protect(app))
    paths = [resource.path, resource.path + "/"] if resource.path else ["/"]
    return [metadata_route(resource), *(Route(path, protected) for path in paths)]


def metadata_route(resource: Resource) -> Route:
    """The route of the protected resource metadata (RFC 9728 §3.1)."""

    async def metadata(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(scope["method"], send, metadata_answer(resource, scope["method"]))

    return Route(resource.metadata_path, _Endpoint(metadata))


def token(connection: HTTPConnection) -> Token:
    """Who calls: ``token(request)``, or in FastAPI ``Annotated[Token, Depends(token)]``.

    :raises LookupError: the request did not come through a protected application.
    """
    verified = connection.scope.get(TOKEN)
    if not isinstance(verified, Token):
        raise LookupError("this request was not verified; is the application behind Resource.protect or require?")
    return verified


class _Endpoint:
    """An application as an endpoint. Starlette takes functions for handlers, and objects for applications."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
