"""Trees of the configuration as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config.folding import FoldedNode
from heartbeat.config.section import Section
from heartbeat.config.tree import Node, Place
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from pathlib import Path

PLACES = st.builds(
    Place, st.sampled_from(["a.yml", "b.yml", ""]), st.integers(0), st.integers(0)
)
LEAVES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
)
TREES = st.recursive(
    st.builds(Node, LEAVES, PLACES),
    lambda inner: st.builds(
        Node, st.lists(inner) | st.dictionaries(st.text(), inner), PLACES
    ),
)


@given(TREES)
def test_nothing_is_lost(tree: Node) -> None:
    """Values, their kinds and their places come back, those from other files too."""
    assert FoldedNode(tree).unfolded() == tree


@given(TREES)
def test_it_is_the_node_that_it_was(tree: Node) -> None:
    """Who looks at it sees no difference."""
    folded = FoldedNode(tree)

    assert (folded.value, folded.place) == (tree.value, tree.place)


def test_text_that_is_no_utf8() -> None:
    """YAML escapes may spell half of a surrogate pair."""
    assert FoldedNode(Node("\ud800")).value == "\ud800"


def test_a_section_goes_on_as_it_was() -> None:
    """Its members, places and messages are the same."""
    tree = Node({"url": Node("x", Place("a.yml", 2, 3))}, Place("a.yml", 1, 1))
    section = Section(tree, path="m.0")
    before = (section.plain(), section.place, section.problem("bad", "url"))
    section.keep(FoldedNode(tree))

    assert (section.plain(), section.place, section.problem("bad", "url")) == before


MONITORS = """
output.console.enabled: true
heartbeat.monitors:
- {type: tcp, id: first, schedule: '@every 5s', hosts: ['localhost:1']}
- {type: tcp, id: second, schedule: '@every 5s', hosts: ['localhost:1']}
"""


def test_monitors_are_folded_once_they_are_read(tmp_path: Path) -> None:
    """Neither they nor the tree of the whole configuration keep their nodes."""
    settings = settings_of(tmp_path, MONITORS)
    written = settings.root.get("heartbeat.monitors")
    assert written is not None
    entries = written.node.value

    assert isinstance(entries, list)
    assert all(isinstance(entry, FoldedNode) for entry in entries)


def test_references_lead_into_them(tmp_path: Path) -> None:
    """What one monitor has can be named elsewhere, also after all were read."""
    text = MONITORS + "name: ${heartbeat.monitors.0.id}\n"
    name = settings_of(tmp_path, text).root.get("name")

    assert name is not None
    assert name.plain() == "first"


def test_a_section_is_opened_for_a_while(tmp_path: Path) -> None:
    """Reading much of it unfolds it once, and afterwards it is as small as before."""
    section = settings_of(tmp_path, MONITORS).monitors[0].options
    with section.opened():
        assert section.node is section.node

    assert section.node is not section.node
    assert section.plain()["id"] == "first"
