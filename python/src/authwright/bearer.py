"""Which token does a request carry? (RFC 6750 §2.1)"""

from authwright.challenge import Headers
from authwright.errors import AuthError, NoTokenError


def bearer_token(headers: Headers) -> str:
    """Read the one Authorization header (RFC 6750 §2.1). A token in the query or the body is not looked for.

    Raises NoTokenError or AuthError.
    """
    sent = [value for name, value in headers if name == b"authorization"]
    if not sent:
        raise NoTokenError
    if len(sent) > 1:
        raise AuthError("invalid_request", "there is more than one Authorization header")
    scheme, _, token = sent[0].decode("latin-1").partition(" ")
    if scheme.lower() != "bearer":
        raise NoTokenError
    token = token.lstrip(" ")
    if not _is_token68(token):
        raise AuthError("invalid_request", "the Authorization header is not Bearer and one token")
    return token


def _is_token68(text: str) -> bool:
    """The b64token of RFC 6750 §2.1."""
    body = text.rstrip("=")
    return bool(body) and body.isascii() and all(c.isalnum() or c in "-._~+/" for c in body)
