"""The tree of a configuration: nesting and merging."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config.tree import (
    Node,
    Place,
    Plain,
    child_of,
    entries,
    find,
    keep_last,
    merge,
    nested,
    node_of,
    overlaying,
    plain,
    refusing,
)
from heartbeat.errors import Problem

NAMES = st.text(alphabet="abc", min_size=1, max_size=2)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=8,
)


def at(line: int, value: Plain) -> Node:
    """Return a tree that stands in a line of a file."""
    return node_of(value, Place("f.yml", line, 1))


def test_dotted_keys_become_nested() -> None:
    """A dot in a key is a step into a mapping, at every depth."""
    expected = {"a": {"b": {"c": 1}, "d": {"e": 2}}}

    assert expected == plain(node_of({"a.b.c": 1, "a": {"d.e": 2}}))


def test_number_in_a_path_stays_a_name() -> None:
    """Numbers are names in mappings such as labels and headers."""
    assert plain(node_of({"labels.80": "web"})) == {"labels": {"80": "web"}}


def test_empty_names_are_names() -> None:
    """Two dots in a row hold a name of length zero."""
    assert plain(node_of({"a..b": 1})) == {"a": {"": {"b": 1}}}


def test_same_path_twice_is_refused() -> None:
    """Two values of one path in one file are a fault that names both lines."""
    problems: list[Problem] = []
    members = [("a.b", at(1, 1)), ("a", at(2, {"b": 2}))]

    nested(members, Place(), refusing(problems.append), "top")

    assert [
        Problem("duplicate key, first set in line 1", "top.a.b", "f.yml", 2, 1)
    ] == problems


def test_null_gives_way_to_either_side() -> None:
    """A null beside a value keeps the value."""
    members = [("a", at(1, None)), ("a.b", at(2, 1)), ("a.b", at(3, None))]

    assert plain(nested(members, Place(), keep_last)) == {"a": {"b": 1}}


def test_numbers_address_a_list_that_is_there() -> None:
    """A number reaches into an existing list and may lengthen it."""
    old = node_of({"hosts": ["a", {"x": 1}]})
    new = node_of({"hosts.0": "b", "hosts.1.y": 2, "hosts.3": "d"})

    expected = {"hosts": ["b", {"x": 1, "y": 2}, None, "d"]}
    assert expected == plain(merge(old, new, keep_last))


def test_name_beside_a_list_clashes() -> None:
    """A list and names of members cannot be united."""
    old, new = node_of(["a"]), node_of({"x": 1})

    assert plain(merge(old, new, keep_last)) == {"x": 1}


def test_later_file_wins() -> None:
    """Mappings merge key by key, scalars are replaced, null erases nothing."""
    old = node_of({"a": 1, "b": {"c": 2, "d": 3}, "e": 4})
    new = node_of({"a": 9, "b": {"d": 8}, "e": None})

    expected = {"a": 9, "b": {"c": 2, "d": 8}, "e": 4}
    assert expected == plain(merge(old, new, overlaying(lambda _problem: None)))


def test_shorter_list_leaves_a_tail() -> None:
    """Lists merge entry by entry, and what stays in force is said."""
    problems: list[Problem] = []
    old, new = at(3, {"h": ["a", "b", {"c": 1}]}), at(7, {"h": ["x"]})

    merged = merge(old, new, overlaying(problems.append))

    assert plain(merged) == {"h": ["x", "b", {"c": 1}]}
    message = (
        "lists merge entry by entry: the last 2 of the list at f.yml:3 stay in force"
    )
    assert [Problem(message, "h", "f.yml", 7, 1, is_warning=True)] == problems


def test_longer_list_says_nothing() -> None:
    """A list that covers the earlier one leaves no doubt."""
    problems: list[Problem] = []

    merged = merge(node_of(["a"]), node_of(["x", "y"]), overlaying(problems.append))

    assert plain(merged) == ["x", "y"]
    assert problems == []


def test_entries_of_numbered_keys() -> None:
    """Numbered keys stand for a list where one is needed."""
    found = entries(node_of({"1": "b", "0": "a"}))

    assert [plain(entry) for entry in found or ()] == ["a", "b"]


def test_entries_of_anything_else() -> None:
    """Names and scalars are no list, and a number may be too large for one."""
    trees = (node_of({"a": 1}), node_of("text"), node_of({"1025": 1}))

    found = [entries(tree) for tree in trees]

    assert found == [None, None, None]


def test_find() -> None:
    """A path leads through mappings and lists, or nowhere."""
    tree = node_of({"a": [{"b": 1}]})

    found = [find(tree, path) for path in ("a.0.b", "a.1", "a.x", "a.0.b.c")]

    assert [Node(1), None, None, None] == found


def test_child_by_number() -> None:
    """Entries and members are reached by number as well as by name."""
    assert Node(2) == child_of(node_of([1, 2]), 1)


@given(st.dictionaries(NAMES, PLAIN, max_size=4))
def test_merge_with_itself_changes_nothing(data: dict[str, Plain]) -> None:
    """Laying a tree over itself gives the same tree."""
    tree = node_of(data)

    merged = merge(tree, tree, overlaying(lambda _problem: None))

    assert plain(tree) == plain(merged)


@given(PLAIN)
def test_plain_is_the_inverse_of_node_of(data: Plain) -> None:
    """Data without dots survives the way there and back."""
    assert data == plain(node_of(data))
