"""Which scopes does an operation need, and does a token cover them? (RFC 6749 §3.3; MCP 2026-07-28, Scopes)"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from authwright.call import Call

OFFLINE_ACCESS = "offline_access"
_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")  # RFC 6749 §3.3
_MAX_TOKENS = 256


def is_scope(token: str) -> bool:
    """Tell whether this is one scope token (RFC 6749 §3.3)."""
    return _TOKEN.fullmatch(token) is not None


def parse_scope(text: str) -> tuple[str, ...]:
    """Read a space-separated list of at most 256 tokens, each once, in their order.

    Raises ValueError.
    """
    scope = tuple(dict.fromkeys(token for token in text.split(" ") if token))
    if len(scope) > _MAX_TOKENS:
        raise ValueError(f"more than {_MAX_TOKENS} scopes")
    if not all(is_scope(token) for token in scope):
        raise ValueError("a scope may hold printable ASCII without space, quote and backslash only")
    return scope


def union(*scopes: Iterable[str]) -> tuple[str, ...]:
    """All tokens, each once, in the order in which they come first."""
    return tuple(dict.fromkeys(token for scope in scopes for token in scope))


def closure(implies: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Map each scope to those it implies, and those they imply, itself first."""
    reached: dict[str, tuple[str, ...]] = {}
    for scope in implies:
        found, position = [scope], 0
        while position < len(found):
            found += [token for token in implies.get(found[position], ()) if token not in found]
            position += 1
        reached[scope] = tuple(found)
    return reached


class Rules:
    """The scopes of names. A prefix rule is one whose key ends in a star."""

    def __init__(self, by_name: Mapping[str, Sequence[str]]) -> None:
        self._exact = {name: tuple(scopes) for name, scopes in by_name.items()}
        self._prefixes = sorted((name[:-1] for name in by_name if name.endswith("*")), key=len, reverse=True)

    def of(self, name: str) -> tuple[str, ...]:
        """The scopes of the exact name, else of the longest prefix, else none."""
        exact = self._exact.get(name)
        if exact is not None:
            return exact
        for prefix in self._prefixes:
            if name.startswith(prefix):
                return self._exact[prefix + "*"]
        return ()

    def naming_none(self, names: Collection[str]) -> list[tuple[str, list[str]]]:
        """The rules of a name that is none of names, each with the nearest of them."""
        missed = (name for name in self._exact if not name.endswith("*") and name not in names)
        return [(name, get_close_matches(name, sorted(names), n=3, cutoff=0)) for name in sorted(missed)]


@dataclass(frozen=True)
class Needs:
    """The scopes of operations, by kind."""

    tools: Rules
    prompts: Rules
    resources: Rules

    def of(self, call: Call) -> tuple[str, ...]:
        """What a call needs beyond the scopes that every request needs. A name that nobody listed needs no more."""
        match call.method:
            case "tools/call":
                return self.tools.of(call.name)
            case "prompts/get":
                return self.prompts.of(call.name)
            case "resources/read" | "resources/subscribe" | "resources/unsubscribe":
                return self.resources.of(call.name)
        return ()
