"""What does this JSON say to every reader alike? (RFC 8259 §4, §8.1)"""

import json
import re
from collections.abc import Iterable
from typing import NoReturn, TypeAlias

JSON: TypeAlias = "bool | str | Number | list[JSON] | dict[str, JSON] | None"


class Number(str):
    """A number as it stands in the text, so that nothing of it is lost."""


class MalformedError(ValueError):
    """Text that readers may understand differently, or that is no JSON."""


def parse(text: bytes, max_depth: int) -> JSON:
    """Read one JSON text.

    It refuses what ``json`` lets pass: a key twice in an object at any depth, a key that some readers cut off or cannot
    decode, NaN and its like, bytes that are not UTF-8, a byte order mark, and more than max_depth levels.

    Raises MalformedError.
    """
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("the body is not plain UTF-8") from error
    if decoded.startswith("\ufeff"):
        raise MalformedError("the body is not plain UTF-8")
    if _deeper(decoded, max_depth):
        raise MalformedError("the JSON is nested too deeply")
    try:
        value: JSON = _decoder.decode(decoded)
    except MalformedError:
        raise
    except (ValueError, RecursionError) as error:
        raise MalformedError("the body is not JSON") from error
    return value


def parse_object(text: bytes, max_depth: int, known: Iterable[str] = ()) -> dict[str, JSON]:
    """Read one JSON object whose known members are spelled exactly.

    Raises MalformedError.
    """
    value = parse(text, max_depth)
    if not isinstance(value, dict):
        raise MalformedError("the body is not a JSON object")
    check_spelling(value, known)
    return value


def check_spelling(members: dict[str, JSON], known: Iterable[str]) -> None:
    """Refuse a member that is one of known only to a reader who does not mind case.

    Raises MalformedError.
    """
    if exact := misspelled(members, known):
        raise MalformedError(f"a member must be spelled {exact}")


def misspelled(members: Iterable[str], known: Iterable[str]) -> str | None:
    """The known name of which a member is another spelling, or None."""
    folded = {fold(name): name for name in known}
    for member in members:
        exact = folded.get(fold(member))
        if exact is not None and exact != member:
            return exact
    return None


def fold(name: str) -> str:
    """Map a name to what readers who do not mind case consider equal; two letters outside ASCII fold into it."""
    return name.lower().replace("\u017f", "s")


def string(value: JSON) -> str:
    """The string that a member is; empty if it is null or absent.

    Raises MalformedError for another type, and for half a surrogate pair.
    """
    if value is None:
        return ""
    if not isinstance(value, str) or isinstance(value, Number):
        raise MalformedError("a member has the wrong JSON type")
    if _SURROGATE.search(value):
        raise MalformedError("a member is no text")
    return value


_SURROGATE = re.compile("[\ud800-\udfff]")
_BROKEN_KEY = re.compile("[\x00\ufffd\ud800-\udfff]")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _members(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise MalformedError("a member is there more than once")
    for key in members:
        if _BROKEN_KEY.search(key):
            raise MalformedError("a member has a name that readers understand differently")
    return members


def _refuse_constant(constant: str) -> NoReturn:
    raise MalformedError(f"{constant} is not JSON")


_decoder = json.JSONDecoder(
    object_pairs_hook=_members, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
)


def _deeper(text: str, max_depth: int) -> bool:
    """Tell whether brackets stand within each other more than max_depth times. Most texts have fewer anyway."""
    if text.count("{") + text.count("[") <= max_depth:
        return False
    depth = 0
    for char in _STRING.sub("", text):
        if char in "{[":
            depth += 1
            if depth > max_depth:
                return True
        elif char in "}]":
            depth -= 1
    return False
