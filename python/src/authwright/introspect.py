"""Does the issuer say that this token is active? (RFC 7662)"""

import asyncio
import base64
import logging
from urllib.parse import quote_plus

from authwright.config import Introspection
from authwright.errors import IssuerError, invalid_token, unavailable
from authwright.issuer import IssuerDoor
from authwright.strictjson import JSON, MalformedError, check_spelling, string
from authwright.token import Token

MAX_QUESTIONS = 64  # that are out at one time
ENDPOINT_FRESH = 60.0  # seconds for which the metadata's endpoint holds

_log = logging.getLogger("authwright")


class Introspector:
    """Asks. It lets a bounded number of questions out at one time."""

    def __init__(self, config: Introspection, door: IssuerDoor) -> None:
        self.every = config.every
        self._door = door
        self._configured = config.endpoint
        self._found: tuple[str, float] | None = None  # the metadata's endpoint, and when it was read
        self._slots = asyncio.Semaphore(MAX_QUESTIONS)
        secret = f"{quote_plus(config.client_id)}:{quote_plus(config.client_secret)}"  # RFC 6749 §2.3.1
        self._authorization = "Basic " + base64.b64encode(secret.encode()).decode()

    async def active(self, token: str, now: float) -> bytes:
        """The issuer's answer about an active token, as JSON text. now is in Unix seconds.

        Raises AuthError: invalid_token if it is not active, temporarily_unavailable if the issuer does not say.
        """
        members, body = await self._ask(token, now)
        if not _is_active(members):
            raise invalid_token("the token is not active any more")
        return body

    async def confirms(self, token: str, known: Token, now: float) -> bool:
        """Tell whether a token that is proven is active still, and speaks for whom it says. Raises AuthError."""
        members, _ = await self._ask(token, now)
        if not _is_active(members):
            return False
        try:
            check_spelling(members, ("sub", "client_id"))
            subject, client_id = string(members.get("sub")), string(members.get("client_id"))
        except MalformedError:
            return False
        return subject in ("", known.subject) and client_id in ("", known.client_id)

    async def _ask(self, token: str, now: float) -> tuple[dict[str, JSON], bytes]:
        async with self._slots:
            try:
                form = {"token": token, "token_type_hint": "access_token"}
                where = self._configured or await self._address(now)
                members, body = await self._door.ask(
                    "POST", where, form=form, authorization=self._authorization, known=("active",)
                )
                if not isinstance(members.get("active"), bool | None):
                    raise IssuerError(f"the answer of {where} does not say whether the token is active")
                return members, body
            except IssuerError as error:
                _log.warning("%s cannot be asked about a token: %s", self._door.issuer, error)
                raise unavailable() from error

    async def _address(self, now: float) -> str:
        """Where the metadata says to ask, read less than ENDPOINT_FRESH ago."""
        if self._found is not None and now - self._found[1] < ENDPOINT_FRESH:
            return self._found[0]
        metadata = await self._door.metadata()
        address = self._door.endpoint("introspection_endpoint", metadata.introspection_endpoint)
        self._found = address, now
        return address


def _is_active(members: dict[str, JSON]) -> bool:
    return members.get("active") is True
