"""Trees of messages, as OpenAssistant has them: each may have several replies, and each answer ends a conversation.

As a list of messages:  {"message_id": "b", "parent_id": "a", "text": "Hello", "role": "assistant", ...}
As one tree a row:      {"prompt": {"text": "Hi", "role": "prompter", "replies": [{"text": "Hello", ...}]}}
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hfsft.rows.messages import Message
from hfsft.rows.shapes.shape import Item, Record, Shape

ID, PARENT, TREE, REPLIES, PROMPT = "message_id", "parent_id", "message_tree_id", "replies", "prompt"
ROLES = {"prompter": "user", "assistant": "assistant"}
NO_MESSAGE = "no message of a tree: it has text, role (prompter, assistant), message_id and parent_id"
DELETED = "a message of the conversation was deleted"
LOST = f"the message that it replies to is not beside it: sort the rows by {TREE}, and take all of a tree"
TWICE = f"two messages of one {ID}"


@dataclass
class _Node:
    """One message of a tree."""

    item: Item
    source: str
    parent: _Node | None = None
    answered: bool = False  # whether the assistant says something below it
    defect: str = ""


def _is_message(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("text"), str) and item.get("role") in ROLES


def _is_flat(item: Item) -> bool:
    return _is_message(item) and ID in item and PARENT in item


def _is_tree(item: Item) -> bool:
    root = item.get(PROMPT)
    return _is_message(root) and isinstance(root, Mapping) and isinstance(root.get(REPLIES), list)


def gather(records: Iterable[Record]) -> Iterator[Record]:
    """A row for each answer that no other follows: the messages that lead to it, beside the columns of its own.

    Questions that nobody answers are rows, too; what cannot be put into a tree is one with a defect. Of a list of
    messages those of one tree stand together, so that no more than one tree is held.
    """
    tree: list[Record] = []
    for one in records:
        if tree and not (_goes_on(tree[-1], one) and one.defect is None):
            yield from _conversations(_flat(tree))
            tree = []
        if one.defect is None and _is_tree(one.row):
            yield from _conversations(list(_nested(one)), {k: v for k, v in one.row.items() if k != PROMPT})
        elif one.defect is None and _is_flat(one.row):
            tree.append(one)
        else:
            yield one._replace(defect=one.defect or NO_MESSAGE)
    yield from _conversations(_flat(tree))


def _goes_on(last: Record, one: Record) -> bool:
    """Whether a message is of the same tree as the one before it."""
    if TREE in one.row or TREE in last.row:
        return bool(one.row.get(TREE) == last.row.get(TREE))
    return one.row.get(PARENT) is not None


def _flat(records: Sequence[Record]) -> list[_Node]:
    """The messages of one tree, parents before their replies, then those that have no way to the root."""
    nodes = [_Node(one.row, one.source) for one in records]
    named: dict[Any, _Node] = {}
    below: dict[Any, list[_Node]] = {}
    for node in nodes:
        if node.item[ID] in named:
            node.defect = TWICE
            continue
        named[node.item[ID]] = node
        below.setdefault(node.item[PARENT], []).append(node)
    made = below.pop(None, [])
    for node in made:  # which grows meanwhile
        for reply in below.pop(node.item[ID], ()):
            reply.parent = node
            made.append(reply)
    reached = {id(node) for node in made}
    lost = [node for node in nodes if id(node) not in reached]
    for node in lost:
        node.defect = node.defect or LOST
    return [*made, *lost]


def _nested(one: Record) -> Iterator[_Node]:
    """The messages of a tree that stands in one row, each behind the one that it replies to."""
    open_nodes: list[tuple[Any, _Node | None]] = [(one.row[PROMPT], None)]
    while open_nodes:
        item, parent = open_nodes.pop()
        if not _is_message(item):
            yield _Node({}, one.source, parent, defect="a reply is not a message with a text and a role")
            continue
        node = _Node(item, one.source, parent)
        yield node
        replies = item.get(REPLIES)
        open_nodes += [(reply, node) for reply in reversed(replies if isinstance(replies, list) else [])]


def _conversations(nodes: Sequence[_Node], beside: Item | None = None) -> Iterator[Record]:
    for node in reversed(nodes):
        if node.parent is not None:
            node.parent.answered |= node.answered or node.item.get("role") == "assistant"
    replied = {id(node.parent) for node in nodes}
    for node in nodes:
        if node.answered or (node.item.get("role") == "prompter" and id(node) in replied and not node.defect):
            continue  # what is below it goes on with it
        path = [*_path(node)]
        said = [_message(each.item) for each in path if each.item]
        row = {**(beside or {}), **_columns(node.item), "messages": said}
        yield Record(node.source, row, _defect(node, path), dialect=(NAME,), written={**(beside or {}), **node.item})


def _path(node: _Node) -> Iterator[_Node]:
    """The messages from the root to this one."""
    path: list[_Node] = [node]
    while (parent := path[-1].parent) is not None:
        path.append(parent)
    return reversed(path)


def _defect(node: _Node, path: Sequence[_Node]) -> str | None:
    if node.defect:
        return node.defect
    return DELETED if any(each.item.get("deleted") is True for each in path) else None


def _message(item: Item) -> Message:
    return {"role": ROLES[item["role"]], "content": item["text"]}


def _columns(item: Item) -> dict[str, Any]:
    """The columns of a message that its conversation has: those that do not say it."""
    return {name: value for name, value in item.items() if name not in ("text", "role", REPLIES)}


NAME = "oasst"
OASST = Shape(
    NAME,
    "trees of messages with `text` and `role` (prompter, assistant), as rows with `message_id` and `parent_id`, or as "
    "`replies` below a `prompt`; a row for each answer that no other follows",
    columns={"messages": "messages"},
    tells=lambda item: _is_flat(item) or _is_tree(item),
    gather=gather,
)
