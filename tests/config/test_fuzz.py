"""Whatever is written, loading ends with settings or with faults."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heartbeat.config import Request, load
from heartbeat.config.diagnostics import as_lines
from heartbeat.config.export import exported
from heartbeat.errors import ConfigError
from tests.support.config import KINDS

NAMES = st.sampled_from(
    [
        *(
            "heartbeat",
            "heartbeat.monitors",
            "monitors",
            "scheduler",
            "run_from",
            "geo",
        ),
        *(
            "output",
            "elasticsearch",
            "output.console",
            "enabled",
            "queue",
            "mem",
            "disk",
        ),
        *("type", "schedule", "id", "fields", "tags", "timeout", "streams", "ssl"),
        *(
            "path",
            "path.data",
            "keystore.path",
            "logging",
            "level",
            "http.port",
            "cloud",
        ),
        *(
            "name",
            "0",
            "1",
            "<<",
            "x.y.z",
            "",
            ".",
            "data_stream",
            "config",
            "path.home",
        ),
    ]
)
WORDS = st.sampled_from(
    [
        *(
            "icmp",
            "http",
            "@every 5s",
            "* * * * *",
            "${name}",
            "${X}",
            "${Y:${Z}}",
            "${",
        ),
        *(
            "${heartbeat}",
            "$$",
            "1e400",
            "-1",
            "0x1F",
            "1h",
            "10MB",
            "off",
            "null",
            "9" * 400,
        ),
        *(
            "[a, b]",
            "{a: b}",
            "a,b",
            "\ud7ff",
            "\x85",
            "Europe/Berlin",
            "../..",
            "[",
            "*",
        ),
    ]
)
SCALARS = st.one_of(
    WORDS, st.text(max_size=8), st.none(), st.booleans(), st.integers(), st.floats()
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=5)
    ),
    max_leaves=25,
)
ENVIRONMENT = {"X": "${Y}", "Y": "[1,'\udcff'", "Z": "\udcff", "name": "{a: [b"}
PIECES = st.lists(
    st.one_of(
        NAMES,
        WORDS,
        st.sampled_from([*": ", ": ", "- ", "\n", "\n  ", "&a ", "*a", "<<: ", "|\n"]),
        st.sampled_from(
            ["!!int ", "!x ", "? ", '"', "'", "{", "}", "[", "]", ",", "#"]
        ),
    ),
    max_size=40,
)


@cache
def folder() -> Path:
    """Return a directory for all examples."""
    return Path(mkdtemp(prefix="heartbeat-fuzz-"))


def check(content: bytes, *overrides: str) -> None:
    """Load the content, then show whatever came of it."""
    file = folder() / "heartbeat.yml"
    file.write_bytes(content)
    request = Request(
        (str(file),), overrides, {"home": str(folder())}, environment=ENVIRONMENT
    )
    try:
        loaded = load(request, KINDS, needs_output=False)
    except ConfigError as error:
        as_lines(error.problems)
    else:
        exported(loaded.root, has_origins=True).encode()


BOUNDED = settings(
    max_examples=150,
    deadline=2000,
    suppress_health_check=[HealthCheck.too_slow],
)


@pytest.mark.slow
@BOUNDED
@given(st.binary(max_size=60))
@example(b"\xff\xfea\x00")
@example(b"\xef\xbb\xbf- a")
@example(b"@  \xc2\xa0\xc0")
def test_bytes(content: bytes) -> None:
    """Any bytes."""
    check(content)


@pytest.mark.slow
@BOUNDED
@given(PIECES)
def test_pieces(pieces: list[str]) -> None:
    """Any order of what configurations are made of."""
    check("".join(pieces).encode(errors="replace"))


@pytest.mark.slow
@BOUNDED
@given(st.dictionaries(NAMES, TREES, max_size=6))
def test_trees(tree: object) -> None:
    """Any values under names that mean something."""
    check(json.dumps(tree).encode())


@pytest.mark.slow
@BOUNDED
@given(
    st.lists(st.builds("{}={}".format, NAMES, WORDS | st.text(max_size=8)), max_size=5)
)
def test_overrides(overrides: list[str]) -> None:
    """Any overrides."""
    check(b"", *overrides)
