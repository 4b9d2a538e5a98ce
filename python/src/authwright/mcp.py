"""How do I use Authwright with the official Python MCP SDK? Install ``authwright[mcp]``; for mcp 2.3 or later.

With :class:`AuthwrightVerifier` the SDK answers, in its own words, and knows the scopes of the server only::

    MCPServer("To-do", token_verifier=AuthwrightVerifier(resource), auth=auth_settings(resource))

For the scopes of tools and step-up, protect the application instead::

    app = resource.protect(MCPServer("To-do").streamable_http_app(streamable_http_path=resource.path))
"""

from mcp.server.auth.provider import AccessToken, TokenVerifier
from mcp.server.auth.settings import AuthSettings

from authwright.errors import AuthError
from authwright.resource import Resource
from authwright.token import current_token

__all__ = ["AuthwrightVerifier", "auth_settings", "current_token"]


class AuthwrightVerifier(TokenVerifier):
    """The SDK's ``TokenVerifier`` over a resource."""

    def __init__(self, resource: Resource) -> None:
        """Verify tokens for a resource.

        :param resource: where the server is and who issues its tokens.
        """
        self.resource = resource

    async def verify_token(self, token: str) -> AccessToken | None:
        """Tell who a token speaks for, with the scopes that its scopes imply; None if it is no good (RFC 9068 §4).

        :raises AuthError: temporarily_unavailable if the issuer does not answer. The SDK answers 500 then, and not 401,
            on which clients throw their tokens away.
        """
        try:
            verified = await self.resource.verify(token)
        except AuthError as error:
            if error.code == "temporarily_unavailable":
                raise
            return None
        return AccessToken(
            token=token,
            client_id=verified.client_id,
            scopes=sorted(verified.granted),
            expires_at=verified.expires,
            resource=self.resource.url,
            subject=verified.subject,
            claims=dict(verified.claims),
        )


def auth_settings(resource: Resource) -> AuthSettings:
    """The SDK's settings that say the same as a resource: its URL, issuer and scopes."""
    return AuthSettings.model_validate(  # from text, so that an issuer without a path gets no slash
        {
            "issuer_url": resource.issuer,
            "resource_server_url": resource.url,
            "required_scopes": list(resource.scopes),
            "validate_token_resource": True,
        }
    )
