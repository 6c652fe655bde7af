"""References: their grammar, their order of look-up, their types."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.config.tree import Place, Plain, node_of
from heartbeat.config.variables import Scope, parse_template
from heartbeat.errors import ConfigError

TREE: Plain = {
    "path": {"home": "/h", "config": "${path.home}/c"},
    "number": 7,
    "switch": True,
    "none": None,
    "list": ["a", "${ENV}", 1],
    "null": "${NULL}",
    "map": {"inner": "${number}"},
    "both": "from the file",
    "loop": "${other}",
    "other": "${loop}",
}
ENVIRONMENT = {
    "ENV": "from the environment",
    "both": "not this",
    "EMPTY": "",
    "LIST": '["a:1", b]',
    "COMMAS": "http://a,http://b",
    "OCTAL": "0123",
    "OBJECT": "{a: 1}",
    "QUOTED": "'0123'",
    "BROKEN": "[abc",
    "NAME": "ENV",
    "PORT": "9200",
    "NULL": "null",
    "BOTH": "environment",
}
SECRETS = {"SECRET": "0123", "COMMA_SECRET": "a,b", "BOTH": "keystore", "NONE": ""}
NOWHERE = "is no option, not in the environment and not in the keystore"
SCOPE = Scope(node_of(TREE), ENVIRONMENT, SECRETS.get)


def meaning(text: Plain, scope: Scope = SCOPE) -> Any:
    """Return what an option with this text means."""
    return scope.resolve(node_of(text))


def fault(text: str) -> str:
    """Return why a text means nothing."""
    with pytest.raises(ConfigError) as caught:
        meaning(text)
    return caught.value.problems[0].message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${path.config}/monitors.d", "/h/c/monitors.d"),
        ("${number}", 7),
        ("${switch}", True),
        ("${list}", ["a", "from the environment", 1]),
        ("${list.0}", "a"),
        ("${map}", {"inner": 7}),
        ("${both}", "from the file"),
        ("${BOTH}", "environment"),
        ("${ENV}", "from the environment"),
        ("${${NAME}}", "from the environment"),
        ("x ${number} ${switch} ${none:}", "x 7 true"),
        ("x${null}y", "xy"),
    ],
)
def test_look_up(text: str, expected: object) -> None:
    """A name is an option, else a variable of the environment, else a secret."""
    assert expected == meaning(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${MISSING:elasticsearch:9200}", "elasticsearch:9200"),
        ("${EMPTY:default}", "default"),
        ("${MISSING:}", ""),
        ("${MISSING:-x}", "-x"),
        ("${MISSING:${PORT}}", 9200),
        ("http://${MISSING:h}:${PORT}", "http://h:9200"),
        ("${PORT:+on}", True),
        ("${MISSING:+on}", ""),
        ("${PORT:?not needed}", 9200),
        ("${MISSING:a,b}", ["a", "b"]),
        ("${MISSING:{a: 1}}", {"a": 1}),
    ],
)
def test_operators(text: str, expected: object) -> None:
    """Defaults, alternatives and error texts stand behind a colon."""
    assert expected == meaning(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$$HOME", "$HOME"),
        ("a$}", "a}"),
        ("5 $ and }", "5 $ and }"),
        ("$${ENV}", "${ENV}"),
        ("${MISSING:a$}b}", "a}b"),
        ("a:b", "a:b"),
    ],
)
def test_escapes(text: str, expected: str) -> None:
    """`$$` and `$}` stand for the character; alone it stands for itself."""
    assert expected == meaning(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${LIST}", ["a:1", "b"]),
        ("${COMMAS}", ["http://a", "http://b"]),
        ("${OBJECT}", "{a: 1}"),
        ("${QUOTED}", "0123"),
        ("${BROKEN}", "[abc"),
        ("${NAME}", "ENV"),
    ],
)
def test_environment_is_parsed(text: str, expected: object) -> None:
    """Variables of the environment are read as values, but never as objects."""
    assert expected == meaning(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("${SECRET}", "0123"), ("user:${COMMA_SECRET}", "user:a,b"), ("${NONE}", "")],
)
def test_secrets_are_text(text: str, expected: str) -> None:
    """A secret stays as it is, whatever it looks like."""
    assert expected == meaning(text)


def test_changed_number_is_reported() -> None:
    """A variable whose text changes because it reads as a number is a doubt."""
    scope = Scope(environment=ENVIRONMENT)
    node = node_of("${OCTAL}", Place("f.yml", 3, 1))

    value = scope.resolve(node, "password")

    assert value == 83
    message = (
        "f.yml:3:1: ${OCTAL} reads as a number, so its text changes;"
        " quotes inside the variable keep it accessing 'password'"
    )
    assert [message] == [str(problem) for problem in scope.reported]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "${MISSING}",
            f"missing field: ${{MISSING}} {NOWHERE}",
        ),
        (
            "x ${none}",
            f"missing field: ${{none}} {NOWHERE}",
        ),
        ("${MISSING:?set ${NAME} first}", "set ENV first"),
        ("${loop}", "cyclic reference detected for key 'loop'"),
        ("${MISSING", "missing '}' for the '${' at 1"),
        ("ab ${", "missing '}' for the '${' at 4"),
        ("${}", "empty expansion at 1"),
        ("${:x}", "empty expansion at 1"),
        ("x ${list}", "${list} is no single value"),
    ],
)
def test_faults(text: str, expected: str) -> None:
    """What leads nowhere says why."""
    assert expected == fault(text)


def test_all_faults_at_once() -> None:
    """Every reference of a section that leads nowhere is named."""
    with pytest.raises(ConfigError) as caught:
        meaning({"a": "${X}", "b": ["${Y}"]})

    assert [problem.path for problem in caught.value.problems] == ["a", "b.0"]


def test_collect_keeps_what_means_nothing() -> None:
    """Where faults are not the point, text without meaning stays as written."""
    problems: list[object] = []

    value = SCOPE.collect(node_of({"a": "${X}", "b": "${number}"}), "", problems.append)

    assert value == {"a": "${X}", "b": 7}
    assert len(problems) == 1


@given(st.text(alphabet="${}:ab+?", max_size=12))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    """The grammar has an answer to everything."""
    with contextlib.suppress(ValueError):
        parse_template(text)


@given(st.text(max_size=20))
def test_escaped_text_means_itself(text: str) -> None:
    """With every `$` doubled a text means what it says."""
    assert text == meaning(text.replace("$", "$$"))
