"""`script`."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.errors import ProcessorError
from heartbeat.event import Routing
from tests.support.processors import (
    AT,
    chain,
    context,
    event,
    faults,
    processed,
    processor,
)

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.event import Event


def ran(body: str, fields: dict[str, Any] | None = None, **options: Any) -> Any:
    """Return the fields after `process` did this; raises its error."""
    source = f"function process(event) {{ {body} }}"
    return processed(
        "script", {"lang": "javascript", "source": source, **options}, fields
    )


def event_after(body: str, one: Event, **options: Any) -> Event | None:
    """Return the event after `process` did this, whatever went wrong."""
    source = f"function process(event) {{ {body} }}"
    written = {"script": {"lang": "js", "source": source, **options}}
    return asyncio.run(chain(written).run(one))


class TestApi:
    """The methods of an event."""

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("event.Get('a.b')", 1),
            ("event.Get('c.d')", 2),
            ("event.Get('a.x')", None),
            ("event.Get('a.b.x')", None),
            ("event.Get().a", {"b": 1}),
            ("event.Get('@timestamp')", "2026-09-21T14:13:20.123Z"),
            ("event.Get('@metadata._id')", "id-1"),
            ("event.Put('a.b', 2)", 1),
            ("event.Put('new.one', [1])", None),
            ("event.Delete('a.b')", True),
            ("event.Delete('a.x')", False),
            ("event.Delete('@timestamp')", False),
            ("event.Rename('a.b', 'x')", True),
            ("event.Rename('a.x', 'x')", False),
            ("event.Rename('a.b', 'c.d')", False),
        ],
    )
    def test_what_they_return(self, expression: str, expected: object) -> None:
        """Values are as they are in documents; what is missing is null."""
        fields = ran(
            f"event.Put('result', {{is: {expression}}});", {"a": {"b": 1}, "c.d": 2}
        )

        assert expected == fields["result"]["is"]

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("event.Put('a.b', {c: true});", {"a": {"b": {"c": True}}, "t": "x"}),
            ("event.Put('a', undefined);", {"a": None, "t": "x"}),
            ("event.Delete('a.b');", {"a": {}, "t": "x"}),
            ("event.Rename('a.b', 'a');", {"a": {"b": 1}, "t": "x"}),
            ("event.Rename('a', 'b.c');", {"t": "x", "b": {"c": {"b": 1}}}),
            (
                "event.Tag('m'); event.Tag('m');",
                {"a": {"b": 1}, "t": "x", "tags": ["m"]},
            ),
            ("event.AppendTo('t', 'y');", {"a": {"b": 1}, "t": ["x", "y"]}),
            ("event.AppendTo('t', 'x');", {"a": {"b": 1}, "t": "x"}),
            ("event.Get('a').b = 7;", {"a": {"b": 7}, "t": "x"}),
        ],
    )
    def test_what_they_do(self, body: str, expected: object) -> None:
        """The event is what the script made of it."""
        assert expected == ran(body, {"a": {"b": 1}, "t": "x"})

    def test_cancel(self) -> None:
        """A cancelled event is dropped."""
        assert ran("event.Cancel();") is None

    def test_time_and_metadata(self) -> None:
        """Both can be set; metadata can be deleted."""
        changed = event_after(
            "event.Put('@timestamp', new Date(1500)); event.Put('@metadata.a', 'b');"
            "event.Put('@metadata.pipeline', 'p'); event.Delete('@metadata.pipeline');",
            event(),
        )

        assert changed is not None
        assert changed.timestamp == 1_500_000_000
        assert changed.routing == Routing("id-1", extra={"a": "b"})

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("event.Put('t.x', 1);", "Error: expected map but type is string: t"),
            (
                "event.AppendTo('a', 'x');",
                "Error: unexpected type of a, expected string",
            ),
            ("throw 'words';", "words"),
            ("throw '';", "an empty error"),
            ("nope();", "ReferenceError: nope is not defined"),
            ("require('net');", "Error: the module net is not there: only console is"),
        ],
    )
    def test_exceptions(self, body: str, message: str) -> None:
        """What a script throws is the error of the processor."""
        with pytest.raises(
            ProcessorError, match=f"failed in process function: {message}"
        ):
            ran(body, {"a": {"b": 1}, "t": "x"})


class TestFailures:
    """Events whose script failed."""

    def test_are_marked(self) -> None:
        """They are tagged, say why, and keep what the script had done."""
        changed = event_after("event.Put('a', 1); throw new Error('boo');", event())

        assert changed is not None
        assert changed.fields == {
            "a": 1,
            "tags": ["_js_exception"],
            "error": {"message": "failed in process function: Error: boo"},
        }

    def test_with_another_tag_or_none(self) -> None:
        """The tag is an option."""
        for tag, expected in (("mine", {"tags": ["mine"]}), ("", {})):
            down = event(error={"message": "refused"})
            changed = event_after("throw 1;", down, tag_on_exception=tag)

            assert changed is not None
            assert changed.fields == {"error": {"message": "refused"}, **expected}

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ("while (true) {}", "the script was ended: it took too long"),
            ("process(event);", "RangeError: Maximum call stack size exceeded"),
            (
                "for (var a = [];;) a.push(new Array(100000).fill(1));",
                "InternalError: out of memory",
            ),
        ],
    )
    def test_limits(self, body: str, message: str) -> None:
        """A script that takes too much is ended, and works for the next event."""
        body = f"if (event.Get('bad')) {{ {body} }} event.Put('good', true);"
        source = f"function process(event) {{ {body} }}"
        one: Any = processor(
            "script", {"lang": "js", "source": source, "timeout": "300ms"}
        )

        with pytest.raises(ProcessorError, match=f"failed in process func.*{message}"):
            one(event(bad=True))
        assert one(event()).fields == {"good": True}

    def test_without_a_time(self) -> None:
        """A script cannot leave an event without a time or an id."""
        for body in (
            "event.Put('@timestamp', 'soon');",
            "event.Put('@metadata', 7);",
            "event.Put('@metadata._id', '');",
        ):
            with pytest.raises(ProcessorError):
                ran(body)


def test_odd_fields() -> None:
    """What JSON cannot hold does not keep a script from running."""
    assert ran("event.Put('n', 1);", {"t": "\udcff"}) == {"t": "\ufffd", "n": 1}


def test_params() -> None:
    """`register` gets the parameters once."""
    source = (
        "var limit; function register(params) { limit = params.limit; }"
        "const process = (event) => event.Put('over', event.Get('a') > limit);"
    )
    options = {"lang": "js", "source": source, "params": {"limit": 5}}

    assert processed("script", options, {"a": 6}) == {"a": 6, "over": True}


def test_console(caplog: pytest.LogCaptureFixture) -> None:
    """What a script has to say is in the log at debug level."""
    caplog.set_level(logging.DEBUG)
    ran("console.log('a', 1); require('console').error('b');", tag="mine")

    assert [one.message for one in caplog.records if "javascript" in one.message] == [
        "javascript processor [mine]: info: a 1",
        "javascript processor [mine]: error: b",
    ]


def test_files(tmp_path: Path) -> None:
    """Files are read from path.config on, in order; globs are expanded."""
    (tmp_path / "b.js").write_text("function process(e) { e.Put('n', n); }")
    (tmp_path / "a.js").write_text("var n = 7;")
    within = context(config=tmp_path)
    for options in ({"file": "*.js"}, {"files": ["a.js", str(tmp_path / "b.js")]}):
        found = processed("script", {"lang": "js", **options}, within=within)
        assert found == {"n": 7}


def test_threads() -> None:
    """A processor may be built in one thread and used in another."""
    source = "function process(event) { event.Put('a', 1); }"
    one: Any = processor("script", {"lang": "js", "source": source})
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.append(one(event()).fields))
    thread.start()
    thread.join()

    assert found == [{"a": 1}]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("function {", "failed to load inline.js: SyntaxError: "),
        ("var process = 7;", "process function not found"),
        ("throw new Error('boo');", "failed to load inline.js: Error: boo"),
        (
            "function process() {} function register() { throw 'no'; }",
            "failed to register processor: no",
        ),
        (
            "function process() {} function test() { throw 'expected'; }",
            "failed in test() function: expected",
        ),
    ],
)
def test_scripts_that_cannot_work(source: str, message: str) -> None:
    """A script is loaded and tested before anything runs."""
    (fault,) = faults({"script": {"lang": "javascript", "source": source}})

    assert fault.startswith(f"javascript processor: {message}")
    assert fault.endswith("accessing 'processors.0.script'")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("while (true) {}", "failed to load inline.js: the script was ended: it took"),
        (
            "function process() {} function test() { for (;;) {} }",
            "the script was ended",
        ),
        (
            "var a = []; for (;;) a.push(new Array(100000).fill(1));",
            "failed to load inline.js: the script was ended: it took too much memory",
        ),
    ],
)
def test_scripts_without_end(
    source: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loading and testing have limits, too."""
    monkeypatch.setattr("heartbeat.processors.javascript.MAX_LOADING", 0.3)
    (fault,) = faults({"script": {"lang": "javascript", "source": source}})

    assert fault.startswith(f"javascript processor: {message}")


def test_a_test_that_passes() -> None:
    """Tests make events of their own."""
    source = (
        "function process(event) { event.Put('a', 1); return event; }"
        "function test() { var one = process(new Event({b: 2}));"
        " if (one.Get('a') !== 1 || one.Get('b') !== 2) { throw 'expected'; } }"
    )

    assert faults({"script": {"lang": "js", "source": source}}) == []


def test_params_for_nobody() -> None:
    """Parameters need a function that takes them."""
    options = {"lang": "js", "source": "function process() {}", "params": {"a": 1}}

    assert faults({"script": options}) == [
        (
            "javascript processor: params were provided but no register function was"
            " found accessing 'processors.0.script'"
        )
    ]


def test_faults(tmp_path: Path) -> None:
    """There is one language, and one place where a script stands."""
    (tmp_path / "latin.js").write_bytes(b"\xff")
    (tmp_path / "folder.js").mkdir()
    one_source = "javascript must be defined by exactly one of source, file, files"
    within = context(config=tmp_path)

    def first(**options: Any) -> str:
        return faults({"script": options}, within=within)[0]

    assert first() == "missing lang option in processors.0.script"
    assert first(lang="lua", source="x").startswith(
        "script type 'lua' is not supported"
    )
    assert first(lang="js").startswith(one_source)
    assert first(lang="js", source="x", file="y").startswith(one_source)
    assert first(lang="js", file="no*.js").startswith("no sources were found in no*.js")
    assert first(lang="js", file="latin.js").endswith(
        "it is not UTF-8 accessing 'processors.0.script.file'"
    )
    assert "is a directory" in first(lang="js", files=["folder.js"])


def test_the_event_keeps_its_time() -> None:
    """A script that leaves the time alone costs no digit of it."""
    changed = event_after("event.Put('a', 1);", event())

    assert changed is not None
    assert changed.timestamp == AT
