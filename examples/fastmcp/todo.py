"""A to-do list that agents can use for people: FastMCP, protected by Authwright."""

import itertools
import os
from dataclasses import dataclass

from fastmcp import FastMCP
from fastmcp.exceptions import ToolError

from authwright import Introspection, Resource
from authwright.fastmcp import AuthwrightProvider, current_token

ISSUER = os.environ.get("ISSUER", "http://127.0.0.1:8080")  # make demo
PORT = int(os.environ.get("PORT", "8105"))

resource = Resource(
    f"http://127.0.0.1:{PORT}/mcp",
    ISSUER,
    name="To-do",
    scopes=["todo.read"],
    tools={name: ["todo.write"] for name in ("create_item", "complete_item", "delete_item")},
    implies={"todo.write": ["todo.read"]},
    # Has a revoked token die within ten seconds. Without it a token lives until it expires.
    introspection=Introspection("demo-confidential", "demo-confidential-secret-for-local-use-only"),
)
mcp = FastMCP("To-do", auth=AuthwrightProvider(resource))


@dataclass
class Item:
    """One thing to do."""

    id: str
    title: str
    done: bool = False


lists: dict[str, dict[str, Item]] = {}  # of people, by subject
ids = map(str, itertools.count(1))


def mine() -> dict[str, Item]:
    """The items of whom this call is for."""
    return lists.setdefault(current_token().subject, {})


def find(id: str) -> Item:
    """One of their items."""
    try:
        return mine()[id]
    except KeyError:
        raise ToolError(f"you have no item {id!r}") from None


@mcp.tool
def whoami() -> dict[str, str | list[str]]:
    """Tell for whom you act, as which client, and what you may do."""
    token = current_token()
    return {"subject": token.subject, "client_id": token.client_id, "scopes": list(token.scopes)}


@mcp.tool
def list_items() -> list[Item]:
    """List what there is to do."""
    return list(mine().values())


@mcp.tool
def create_item(title: str) -> Item:
    """Add something to do."""
    if not title.strip() or len(title) > 200 or len(mine()) >= 100:
        raise ToolError("a title has 1 to 200 characters, a list at most 100 items")
    item = Item(next(ids), title.strip())
    mine()[item.id] = item
    return item


@mcp.tool
def complete_item(id: str) -> Item:
    """Mark an item as done."""
    item = find(id)
    item.done = True
    return item


@mcp.tool
def delete_item(id: str) -> Item:
    """Delete an item for good."""
    find(id)
    return mine().pop(id)


if __name__ == "__main__":
    mcp.run(transport="http", host="127.0.0.1", port=PORT, stateless_http=True, show_banner=False)
