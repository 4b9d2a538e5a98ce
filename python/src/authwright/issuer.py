"""What does the issuer say? (RFC 8414 §3, OpenID Connect Discovery §4, RFC 7517 §5) Its answers are bounded."""

import asyncio
import logging
from dataclasses import dataclass

import httpx

from authwright.config import split
from authwright.errors import IssuerError
from authwright.strictjson import JSON, MalformedError, parse_object, string

ASK_TIMEOUT = 5.0  # seconds for one question to the issuer
MAX_DOCUMENT = 256 << 10  # bytes of an answer
MAX_DEPTH = 16

# One name of this machine that was taken for another.
_OTHER_LOOPBACK = {"localhost": "127.0.0.1", "127.0.0.1": "localhost", "::1": "localhost"}

_log = logging.getLogger("authwright")

_METADATA = ("issuer", "jwks_uri", "introspection_endpoint")


class NotFoundError(IssuerError):
    """An answer that leaves other places to look."""


@dataclass(frozen=True)
class Metadata:
    """The members of the issuer's metadata that are used (RFC 8414 §2). Absent ones are empty."""

    jwks_uri: str
    introspection_endpoint: str


class IssuerDoor:
    """The way to the issuer. It follows no redirect."""

    def __init__(self, issuer: str, jwks_uri: str, transport: httpx.AsyncBaseTransport | None) -> None:
        self.issuer = issuer
        self._jwks_uri = jwks_uri
        self._transport = transport
        self._client: tuple[asyncio.AbstractEventLoop, httpx.AsyncClient] | None = None
        self._noticing: asyncio.Task[None] | None = None

    def notice(self) -> None:
        """Read the metadata once, and tell the operator if it cannot be used.

        It is for the first who comes without a token: a wrong issuer is better known now than after a person has logged
        in. It holds nobody up.
        """
        if self._noticing is None:
            self._noticing = asyncio.create_task(self._notice())

    async def _notice(self) -> None:
        try:
            await self.metadata()
        except IssuerError as error:
            _log.warning("the metadata of %s cannot be used: %s", self.issuer, error)

    async def metadata(self) -> Metadata:
        """Read the issuer's metadata and want it to name the issuer byte for byte (RFC 8414 §3.3).

        Raises IssuerError.
        """
        missing = NotFoundError(f"{self.issuer} has no metadata")
        for where in metadata_urls(self.issuer):
            try:
                members, _ = await self.ask("GET", where, known=_METADATA)
            except NotFoundError as error:
                missing = error
                continue
            try:
                issuer, jwks_uri, introspection = (string(members.get(name)) for name in _METADATA)
            except MalformedError as error:
                raise IssuerError(f"the metadata at {where}: {error}") from error
            if issuer != self.issuer:
                raise IssuerError(
                    f"{where} is of issuer {issuer[:200]!r}, the configuration says {self.issuer!r}: "
                    f"if it is the one you mean, write issuer as {issuer[:200]!r}"
                )
            return Metadata(jwks_uri, introspection)
        raise missing

    async def jwks(self) -> list[JSON]:
        """Read the issuer's keys, as they are (RFC 7517 §5).

        Raises IssuerError.
        """
        where = self._jwks_uri
        if not where:
            where = self.endpoint("jwks_uri", (await self.metadata()).jwks_uri)
        members, _ = await self.ask("GET", where, known=("keys",))
        keys = members.get("keys") or []
        if not isinstance(keys, list):
            raise IssuerError(f"the keys at {where} are no list")
        return keys

    def endpoint(self, name: str, address: str) -> str:
        """Want an address that the metadata names to be on the issuer's own origin.

        Elsewhere only the operator may send us, by configuration. Raises IssuerError.
        """
        if not address:
            raise IssuerError(f"the metadata of {self.issuer} has no {name}")
        origin, _ = split(self.issuer)
        try:
            same = split(address)[0] == origin
        except ValueError:
            same = False
        if not same:
            raise IssuerError(f"{name} {address!r} is not on the origin of {self.issuer}; configure it if it should be")
        return address

    async def ask(
        self,
        method: str,
        url: str,
        *,
        form: dict[str, str] | None = None,
        authorization: str = "",
        known: tuple[str, ...],
    ) -> tuple[dict[str, JSON], bytes]:
        """Send a request and read the JSON object that comes back with a 200, as members and as bytes.

        Raises IssuerError.
        """
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        if authorization:
            headers["authorization"] = authorization
        try:
            async with asyncio.timeout(ASK_TIMEOUT):
                body = await self._fetch(self._http().build_request(method, url, data=form, headers=headers))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
            raise IssuerError(f"asking {url}: {type(error).__name__}: {error}") from error
        try:
            return parse_object(body, MAX_DEPTH, known), body
        except MalformedError as error:
            raise IssuerError(f"the answer of {url}: {error}") from error

    async def _fetch(self, request: httpx.Request) -> bytes:
        response = await self._http().send(request, stream=True, follow_redirects=False)
        try:
            if response.status_code == 404:
                raise NotFoundError(f"{request.url} is not there")
            if response.status_code != 200 or response.headers.get("content-encoding", "identity") != "identity":
                raise IssuerError(f"{request.url} answered {response.status_code}{_remedy(response)}")
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_DOCUMENT:
                    raise IssuerError(f"the answer of {request.url} is larger than {MAX_DOCUMENT} bytes")
            return bytes(body)
        finally:
            await response.aclose()

    def _http(self) -> httpx.AsyncClient:
        """The client of this event loop: connections of another one cannot be used here."""
        loop = asyncio.get_running_loop()
        if self._client is None or self._client[0] is not loop:
            self._client = loop, httpx.AsyncClient(transport=self._transport, timeout=ASK_TIMEOUT)
        return self._client[1]

    async def aclose(self) -> None:
        """Close the connections to the issuer."""
        if self._noticing is not None:
            self._noticing.cancel()
        if self._client is not None and self._client[0] is asyncio.get_running_loop():
            await self._client[1].aclose()
        self._client = None


def _remedy(response: httpx.Response) -> str:
    """What an operator does about a status."""
    url = response.request.url
    if response.status_code == 401 and "authorization" in response.request.headers:
        return ": the client_id or the client_secret of introspection is not accepted"
    if response.status_code == 421:  # RFC 9110 §15.5.20
        other = _OTHER_LOOPBACK.get(url.host)
        perhaps = f", perhaps with {other} for {url.host}" if other else ""
        return f": it does not go by the name {url.netloc.decode()}: write issuer as it calls itself{perhaps}"
    return ""


def metadata_urls(issuer: str) -> list[str]:
    """The places of the issuer's metadata in the order MCP clients use.

    RFC 8414 §3.1, then OpenID Connect Discovery with the path put after and before.
    """
    origin, path = split(issuer)
    path = path.removesuffix("/")
    urls = [f"{origin}/.well-known/{kind}{path}" for kind in ("oauth-authorization-server", "openid-configuration")]
    if path:
        urls.append(f"{origin}{path}/.well-known/openid-configuration")
    return urls
