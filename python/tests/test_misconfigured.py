"""What somebody who protects a server for the first time gets wrong, and what they are told."""

from typing import Any

import pytest
from issuer import RESOURCE, URL

from authwright import ConfigurationError, Introspection, Resource
from authwright.starlette import ProtectMiddleware

UNSET: Any = None
NO_DICT = "tools is not a dict of lists by name, such as {'create_item': ['todo.write']}"

SETTINGS: list[tuple[str, dict[str, Any], str]] = [
    (
        "one scope without its list",
        {"scopes": "todo.read"},
        "scopes is the string 'todo.read', it must be a list: ['todo.read']",
    ),
    (
        "scopes as RFC 6749 has them on the wire",
        {"scopes": "todo.read todo.write"},
        "scopes is the string 'todo.read todo.write', it must be a list: ['todo.read', 'todo.write']",
    ),
    ("scopes as bytes", {"scopes": b"todo.read"}, "scopes is a bytes, it must be a list of strings"),
    (
        "scopes that can be read once only",
        {"scopes": iter(["todo.read"])},
        "scopes is a list_iterator, it must be a list of strings",
    ),
    ("no scopes, said as None", {"scopes": None}, "scopes is a NoneType, it must be a list of strings"),
    ("a list in the list of scopes", {"scopes": [["todo.read"]]}, "scopes: ['todo.read'] is not a string"),
    (
        "a scope of a tool without its list",
        {"tools": {"create_item": "todo.write"}},
        "tools['create_item'] is the string 'todo.write', it must be a list: ['todo.write']",
    ),
    (
        "a scope of a prompt without its list",
        {"prompts": {"plan": "todo.write"}},
        "prompts['plan'] is the string 'todo.write', it must be a list: ['todo.write']",
    ),
    (
        "a scope of resources without its list",
        {"resources": {"todo://*": "todo.read"}},
        "resources['todo://*'] is the string 'todo.read', it must be a list: ['todo.read']",
    ),
    (
        "what a scope implies without its list",
        {"implies": {"todo.write": "todo.read"}},
        "implies['todo.write'] is the string 'todo.read', it must be a list: ['todo.read']",
    ),
    ("tools without their scopes", {"tools": ["create_item"]}, NO_DICT),
    ("an empty list of tools", {"tools": []}, NO_DICT),
    ("a number for a tool", {"tools": {1: ["w"]}}, NO_DICT),
    (
        "one origin without its list",
        {"allowed_origins": "https://app.example"},
        "allowed_origins is the string 'https://app.example', it must be a list: ['https://app.example']",
    ),
    ("something else among the origins", {"allowed_origins": [None]}, "allowed_origins: None is not a string"),
    ("a variable that is not set", {"issuer": None}, "issuer None: must be a string"),
    ("a session key as text", {"session_key": "s" * 32}, "session_key is a str, it must be bytes"),
    ("a size as text", {"max_body": "4"}, "max_body must be a number of bytes"),
    (
        "introspection as a pair",
        {"introspection": ("res", "s")},
        "introspection must be an Introspection(client_id, client_secret)",
    ),
    (
        "a secret that is not set",
        {"introspection": Introspection("res", UNSET)},
        "introspection needs client_id and client_secret",
    ),
]


@pytest.mark.parametrize(("more", "want"), [pytest.param(*row, id=name) for name, *row in SETTINGS])
def test_at_the_start(more: dict[str, Any], want: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Resource(**{"resource": RESOURCE, "issuer": URL, **more})
    assert str(caught.value) == want


def test_paths_that_are_public_are_a_list_too() -> None:
    resource = Resource(RESOURCE, URL)
    with pytest.raises(ConfigurationError, match="public is the string '/healthz', it must be a list"):
        ProtectMiddleware(resource.protect, resource, public="/healthz")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"scopes: \['todo.read'\] is not a string"):
        resource.require(resource.protect, ["todo.read"])  # type: ignore[arg-type]
