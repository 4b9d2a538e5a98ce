"""Is this configuration one that protects? (RFC 8707 §2, RFC 8414 §2, RFC 9728 §3.1)"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from authwright.scopes import OFFLINE_ACCESS, is_scope

WELL_KNOWN = "/.well-known/oauth-protected-resource"  # RFC 9728 §3
MAX_EVERY = 30.0
LOOPBACK = ("127.0.0.1", "[::1]", "localhost")

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?P<port>:[0-9]{1,5})?(?P<rest>[/?#].*)?"
)
_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,=:@-]+)*")
_ISSUER_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


class ConfigurationError(ValueError):
    """A configuration that is wrong. The message names all that is wrong with it, a line each."""


@dataclass(frozen=True)
class Introspection:
    """Has the issuer asked about tokens (RFC 7662).

    In addition to the check of the signature it makes a revoked token die within ``every`` seconds (1 to 30); ``alone``
    leaves the check of the signature out, so that opaque tokens get in too: the issuer's word is all there is.
    ``client_id`` and ``client_secret`` are what the resource authenticates with (HTTP Basic, RFC 6749 §2.3.1).
    ``endpoint`` is where to ask; empty means as the issuer's metadata says, on the issuer's origin.
    """

    client_id: str
    client_secret: str
    endpoint: str = ""
    alone: bool = False
    every: float = 10.0

    def __repr__(self) -> str:
        """Without the secret, which would end in a log."""
        return f"Introspection(client_id={self.client_id!r}, endpoint={self.endpoint!r}, alone={self.alone})"

    def wrong(self) -> Iterable[str]:
        """What is wrong with it. The secret is not repeated."""
        if not all(isinstance(given, str) and given for given in (self.client_id, self.client_secret)):
            yield "introspection needs client_id and client_secret"
        if not isinstance(self.every, int | float) or not 1 <= self.every <= MAX_EVERY:
            yield f"introspection.every is {self.every!r}, it must be from 1 to {MAX_EVERY:g} seconds"
        if self.endpoint:
            yield from wrong_url("introspection.endpoint", self.endpoint, wrong_transport)


def wrong_url(name: str, url: object, rule: Callable[[str], str | None]) -> Iterable[str]:
    """Want a URL that a rule finds nothing wrong with. One of a type of its own writes itself in its own way."""
    why = rule(url) if isinstance(url, str) else "must be a string"
    if why:
        yield f"{name} {url!r}: {why}"


def wrong_list(kind: str, values: object) -> Iterable[str]:
    """Want a list of strings. A string alone would be taken for its letters; what can be read once, for nothing."""
    if isinstance(values, str):
        yield f"{kind} is the string {values!r}, it must be a list: {values.split()!r}"
    elif not isinstance(values, Sequence | Set) or isinstance(values, bytes | bytearray):
        yield f"{kind} is a {type(values).__name__}, it must be a list of strings"
    else:
        yield from (f"{kind}: {value!r} is not a string" for value in values if not isinstance(value, str))


def wrong_transport(url: str) -> str | None:
    """Want https; http is for the machine itself. None if all is well."""
    found = _URL.fullmatch(url)
    if found is None:
        return "must be an absolute https URL with a host and without user information"
    if found["scheme"] == "http" and found["host"] not in LOOPBACK:
        return "must be https; http is for 127.0.0.1, [::1] and localhost only"
    return None


def wrong_resource(url: str) -> str | None:
    """Want the one spelling in which tokens will name the server. None if it is that."""
    if why := wrong_transport(url):
        return why
    origin, path = split(url)
    if origin != origin.lower():
        return f"must be written {origin.lower() + path!r}"
    if path.endswith("/"):
        return f"must be written {url.removesuffix('/')!r}"
    if _PLAIN_PATH.fullmatch(path) is None:
        return "must have a path of plain characters, without an empty segment, and no query and no fragment"
    if any(segment in (".", "..") for segment in path.split("/")):
        return "must have no . or .. segment"
    return None


def wrong_issuer(url: str) -> str | None:
    """Follow RFC 8414 §2: a URL without query and fragment. None if it is one."""
    if why := wrong_transport(url):
        return why
    if _ISSUER_PATH.fullmatch(split(url)[1]) is None:
        return "must have a path of plain characters, no query and no fragment"
    return None


def split(url: str) -> tuple[str, str]:
    """The origin of a URL that was checked, and all after it."""
    found = _URL.fullmatch(url)
    if found is None:
        raise ValueError(f"{url!r} is not a URL that was checked")
    end = found.start("rest") if found["rest"] else len(url)
    return url[:end], url[end:]


def wrong_scopes(kind: str, scopes: Sequence[str]) -> Iterable[str]:
    """Want each to be one scope token (RFC 6749 §3.3), and offline_access out: it is the issuer's business."""
    if wrong := list(wrong_list(kind, scopes)):
        yield from wrong
        return
    for scope in scopes:
        if not is_scope(scope):
            yield f"{kind}: {scope!r} is not a scope"
        if scope == OFFLINE_ACCESS:
            yield f"{kind}: offline_access is not a scope of a resource"


def wrong_rules(kind: str, rules: Mapping[str, Sequence[str]]) -> Iterable[str]:
    """Want keys in which a star stands only where it means something, and scopes that are scopes."""
    if not isinstance(rules, Mapping) or not all(isinstance(key, str) for key in rules):
        yield f"{kind} is not a dict of lists by name, such as {{'create_item': ['todo.write']}}"
        return
    for key in sorted(rules):
        yield from wrong_scopes(f"{kind}[{key!r}]", rules[key])
        star = key.find("*")
        if not key:
            yield f"{kind} has an empty key"
        elif kind == "implies":
            yield from wrong_scopes(kind, [key])
        elif star >= 0 and (star != len(key) - 1 or (kind != "resources" and key != "*")):
            yield f"{kind}[{key!r}]: the star does not stand for a part of a name"


def wrong_origins(origins: Sequence[str]) -> Iterable[str]:
    """Want a list of origins."""
    if wrong := list(wrong_list("allowed_origins", origins)):
        yield from wrong
        return
    for origin in origins:
        if why := wrong_origin(origin):
            yield f"allowed_origins {origin!r}: {why}"


def wrong_origin(origin: str) -> str | None:
    """Want "*", or an origin as browsers send it, or one with "*" for its port. None if it is one."""
    bare = origin.removesuffix(":*")
    found = re.fullmatch(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?", bare)
    if origin == "*" or found:
        return None
    return "must be scheme://host or scheme://host:port in lower case, with * for any port, or * alone"
