"""Reading YAML: the dialect, places, and words for what is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config.document import parse, resolve_scalar
from heartbeat.config.tree import Place, Plain, find, plain
from heartbeat.errors import ConfigError, Problem
from tests.support.config import unexpected


def read(text: str | bytes) -> Plain:
    """Return a text as plain data; there must be no doubt about it."""
    return plain(parse(_encoded(text), "f.yml", unexpected))


def doubts(text: str) -> list[str]:
    """Return what is reported about a text."""
    problems: list[Problem] = []
    parse(text.encode(), "f.yml", problems.append)
    return [str(problem) for problem in problems]


def fault(text: str | bytes) -> str:
    """Return why a text cannot be read."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    return str(caught.value)


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("y", True),
        ("Yes", True),
        ("ON", True),
        ("true", True),
        ("n", False),
        ("No", False),
        ("off", False),
        ("yEs", "yEs"),
        ("~", None),
        ("", None),
        ("Null", None),
        ("12", 12),
        ("-5", -5),
        ("+5", 5),
        ("0644", 420),
        ("0o17", 15),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("08", 8.0),
        ("1e3", 1000.0),
        ("1.10", 1.1),
        (".5", 0.5),
        ("-.inf", float("-inf")),
        (".Inf", float("inf")),
        ("18446744073709551616", 2.0**64),
        ("2020-01-01", "2020-01-01"),
        ("12:30", "12:30"),
        ("1.2.3.4", "1.2.3.4"),
        ("-", "-"),
        ("=", "="),
        ("<<", "<<"),
        ("5s", "5s"),
    ],
)
def test_scalar(text: str, expected: object) -> None:
    """Plain scalars mean what they mean to the reference."""
    assert expected == resolve_scalar(text)


def test_not_a_number() -> None:
    """`.nan` is a float that equals nothing."""
    value = resolve_scalar(".nan")

    assert value != value  # noqa: PLR0124 - that is how it is told


def test_quoted_scalars_are_text() -> None:
    """Quotes and block scalars keep words and numbers as text."""
    assert read("a: 'on'\nb: \"0644\"\nc: |\n  5\n") == {
        "a": "on",
        "b": "0644",
        "c": "5\n",
    }


def test_tagged_scalars() -> None:
    """A tag decides against quotes or their absence; foreign tags mean text."""
    text = "a: !!str 5\nb: !!int '5'\nc: !!binary aGk=\nd: !own x\n"

    assert read(text) == {"a": "5", "b": 5, "c": "aGk=", "d": "x"}


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n...\n"])
def test_empty_document(text: str) -> None:
    """A file without content is null."""
    assert read(text) is None


def test_only_the_first_document_counts() -> None:
    """What follows the first document is not even looked at."""
    assert read("---\na: 1\n---\n[never closed\n") == {"a": 1}


def test_byte_order_mark_and_line_ends() -> None:
    """Files from Windows are read."""
    assert read(b"\xef\xbb\xbfa:\r\n  b: 1\r\n") == {"a": {"b": 1}}


def test_tab_after_a_value() -> None:
    """A tab that indents nothing harms nothing."""
    assert read("a: 1\t\nb:\t2\n") == {"a": 1, "b": 2}


def test_places() -> None:
    """An option begins at its key, an entry of a list at its value."""
    tree = parse(b"a:\n  b.c: 1\n  d:\n    - x\n", "f.yml", unexpected)

    found = [find(tree, path) for path in ("a", "a.b", "a.b.c", "a.d.0")]

    places = [(1, 1), (2, 3), (2, 3), (4, 7)]
    assert [Place("f.yml", *place) for place in places] == [
        node.place for node in found if node
    ]


def test_whole_numbers_as_keys() -> None:
    """A whole number may be a key and stays as it is written."""
    assert read("fields: {080: a, 0x1F: b}\n") == {"fields": {"080": "a", "0x1F": "b"}}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("on", "a key must be text: 'on' reads as a boolean, so put it in quotes"),
        ("1.5", "a key must be text: '1.5' reads as a fraction, so put it in quotes"),
        ("~", "a key must be text: '~' reads as null, so put it in quotes"),
        ("[a]", "a key must be text, not a list or a mapping"),
    ],
)
def test_key_that_is_no_text(key: str, expected: str) -> None:
    """Keys the reference dies of are refused with advice."""
    assert f"f.yml:2:3: {expected} accessing 'a'" == fault(f"a:\n  {key}: 1\n")


def test_duplicate_key() -> None:
    """The last of several equal keys counts, and both lines are named."""
    text = "a:\n  b: {c: 1}\n  b: {d: 2}\n"
    message = "duplicate key: this one is used, line 2 is ignored"

    assert [f"f.yml:3:3: {message} accessing 'a.b'"] == doubts(text)
    problems: list[Problem] = []
    assert plain(parse(text.encode(), "f.yml", problems.append)) == {
        "a": {"b": {"d": 2}}
    }


def test_dotted_and_nested_clash() -> None:
    """One path in two spellings is a fault with its full path."""
    found = doubts("x:\n  a.b: 1\n  a:\n    b: 2\n")

    message = "duplicate key, first set in line 2"
    assert [f"f.yml:4:5: {message} accessing 'x.a.b'"] == found


def test_anchors() -> None:
    """An alias repeats what its anchor holds."""
    assert read("a: &x [1]\nb: *x\n") == {"a": [1], "b": [1]}


def test_merge_key() -> None:
    """Merged members give way to own ones, wherever the merge key stands."""
    text = "d: &d {p: 1, q: 2}\na: {q: 3, <<: *d}\n"

    assert read(text) == {"d": {"p": 1, "q": 2}, "a": {"p": 1, "q": 3}}


def test_merge_key_and_dotted_own_key() -> None:
    """An own dotted key reaches into a merged mapping."""
    text = "d: &d {p: {u: 1, v: 2}}\na:\n  <<: *d\n  p.u: 9\n"

    assert read(text) == {"d": {"p": {"u": 1, "v": 2}}, "a": {"p": {"u": 9, "v": 2}}}


def test_merge_list_and_nested_merge() -> None:
    """The earlier of several merged mappings wins, with what it merges itself."""
    text = """
b: &b {k: 0, p: 0}
d: &d {<<: *b, p: 1}
e: &e {p: 2, q: 2, k: 2}
a: {<<: [*d, *e]}
"""

    found = read(text)

    assert isinstance(found, dict)
    assert found["a"] == {"k": 0, "p": 1, "q": 2}


def test_merge_of_text() -> None:
    """Only mappings can be merged."""
    expected = "f.yml:1:9: yaml: a merge key takes a mapping or a list of mappings"

    assert f"{expected} accessing 'a'" == fault("a: {<<: text}\n")


@pytest.mark.parametrize("text", ["a: &x [*x]\n", "a: &x {<<: *x}\n"])
def test_alias_of_itself(text: str) -> None:
    """An alias cannot contain itself."""
    assert "yaml: document contains excessive aliasing" in fault(text)


def test_multiplying_aliases() -> None:
    """Aliases cannot blow a small file up."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]\n"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)]

    assert "yaml: document contains excessive aliasing" in fault("".join(lines))


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("a:\n\tb: 1\n", "2:1", "a tab cannot indent, use blanks"),
        ("a: @x\n", "1:4", "a value that begins with '@' must stand in quotes"),
        ("a: b: c\n", "1:5", "is the indentation right?"),
        ("a: 1\nfoo\nb: 2\n", "2:1", "is this a comment without #?"),
        ("a: 'x\n\n", "1:4", "the quote that opens here is never closed"),
        ("a: {b: 1\n", "1:4", "the bracket that opens here is never closed"),
        ("a: *x\n", "1:4", "no anchor of this name stands above"),
        ("- a\nb: 1\n", "2:1", "a list entry begins with '- ' below the others"),
    ],
)
def test_fault_with_hint(text: str, place: str, hint: str) -> None:
    """What libyaml says is placed where the cause is, with a hint."""
    found = fault(text)

    assert found.startswith(f"f.yml:{place}: yaml: ")
    assert found.endswith(f": {hint}")


@given(st.text(max_size=30) | st.text(alphabet="ab:-[]{}&*<'\"\\t\\n #|@", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever a file holds, it is read or refused with a place."""
    try:
        parse(text.encode(errors="replace"), "f.yml", lambda _problem: None)
    except ConfigError as error:
        problems = error.problems
    else:
        problems = ()

    assert all(problem.line for problem in problems)


def test_fault_without_hint() -> None:
    """What needs no hint has none."""
    assert fault('a: "x\\q"\n') == "f.yml:1:6: yaml: found unknown escape character"


def test_fault_without_place() -> None:
    """Bytes that are no text are placed by their line."""
    expected = "the file is no UTF-8 text: invalid leading UTF-8 octet"

    assert f"f.yml:2: yaml: {expected}" == fault(b"a: 1\nb: \xff\n")


DEEP = "yaml: options are nested more than 64 levels deep"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f"a: {'[' * 65}", "1:66"),
        (f"? {'.'.join('a' * 66)}\n: 1\n", "1:3"),
        (
            "a0: &a0 [x]\n"
            + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 99)),
            "",
        ),
        (
            "a0: &a0 {x: 1}\n"
            + "".join(f"a{n}: &a{n} {{<<: *a{n - 1}}}\n" for n in range(1, 99)),
            "",
        ),
    ],
    ids=["brackets", "dots", "aliases", "merge keys"],
)
def test_depth(text: str, place: str) -> None:
    """Options are nested to a certain depth only, however that is written."""
    found = fault(text)

    assert found.endswith(DEEP)
    assert found.startswith(f"f.yml:{place}")


def test_many_aliases() -> None:
    """Aliases that multiply come to an end."""
    text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7)
    )

    assert "yaml: document contains excessive aliasing" in fault(text)


def test_wide_characters() -> None:
    """Other forms of Unicode are read too, and their faults explained."""
    assert read("a: é".encode("utf-16")) == {"a": "é"}
    assert "begins with '@' must stand in quotes" in fault("a: @x".encode("utf-16"))
