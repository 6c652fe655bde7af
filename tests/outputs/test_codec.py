"""A record as a line, in every way that can be asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError
from heartbeat.event import Record, Routing
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.outputs.codec import Envelope, build_codec, encode_batch
from tests.support.records import record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.clock import FakeClock

RECORD = Record(
    b'{"@timestamp":"2026-09-21T14:13:20.123Z","url":"http://x/?a=<b>&c"}',
    Routing("id-1"),
    1_790_000_000_123_000_000,
)
METADATA = (
    '"@metadata":{"beat":"heartbeat","type":"_doc","version":"9.5.0","_id":"id-1"}'
)


@pytest.fixture
def context(clock: FakeClock) -> OutputContext:
    """Return what outputs are built with."""
    return OutputContext(Network(clock))


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Return a way to set the zone of the machine."""
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


def line(context: OutputContext, **codec: Any) -> str:
    """Return the line of the record with a codec."""
    return build_codec(Section({"codec": codec} if codec else {}), context)(
        RECORD
    ).decode()


def test_json_is_the_default(context: OutputContext) -> None:
    """Without a codec a line is the document with its metadata."""
    assert line(context) == (
        f'{{"@timestamp":"2026-09-21T14:13:20.123Z",{METADATA},'
        '"url":"http://x/?a=<b>&c"}\n'
    )


def test_an_empty_codec_is_the_default(context: OutputContext) -> None:
    """`codec:` and `codec.json:` without a value change nothing."""
    empty = build_codec(Section({"codec": None}), context)(RECORD).decode()

    assert {line(context), empty} == {line(context, json=None)}


@pytest.mark.parametrize("name", ["escape_html", "escapehtml"])
def test_html_is_escaped_on_demand(context: OutputContext, name: str) -> None:
    """Both spellings work, the documented one and the reference's."""
    text = line(context, json={name: True})

    assert r"\u003cb\u003e\u0026c" in text
    assert orjson.loads(text)["url"] == "http://x/?a=<b>&c"


@pytest.mark.parametrize("name", ["local_time", "localtime"])
@pytest.mark.parametrize(
    ("place", "stamp"),
    [
        ("IST-5:30", "2026-09-21T19:43:20.123+05:30"),
        ("EST5", "2026-09-21T09:13:20.123-05:00"),
        ("UTC", "2026-09-21T14:13:20.123Z"),
    ],
)
def test_time_is_local_on_demand(
    context: OutputContext,
    zone: pytest.MonkeyPatch,
    place: str,
    stamp: str,
    *,
    name: str,
) -> None:
    """The time of the event is in the machine's zone, with its offset."""
    zone.setenv("TZ", place)
    time.tzset()

    assert orjson.loads(line(context, json={name: True}))["@timestamp"] == stamp


def test_pretty_takes_several_lines(context: OutputContext) -> None:
    """A pretty document is the same document, indented."""
    text = line(context, json={"pretty": True})

    assert text.startswith('{\n  "@timestamp": "2026-09-21')
    assert orjson.loads(text) == orjson.loads(line(context))


@pytest.mark.parametrize(
    ("codec", "message"),
    [
        ({"xml": {}}, "'xml' output codec is not available"),
        ({"format": {}}, "missing required field"),
        ({"format": {"string": "%{"}}, "missing '}'"),
        ({"json": {}, "format": {}}, "more than one namespace configured"),
        ({"json": {"pretty": "x"}}, "can not convert 'string' into 'bool'"),
    ],
)
def test_other_codecs_are_refused(
    context: OutputContext, codec: dict[str, Any], message: str
) -> None:
    """What cannot be done is said, and where it is written."""
    with pytest.raises(ConfigError, match=message):
        build_codec(Section({"codec": codec}), context)


def test_a_format_string_makes_lines(context: OutputContext) -> None:
    """Fields, time and metadata of the event."""
    options = {"codec": {"format": {"string": "%{[monitor.id]} %{+HH:mm:ss}"}}}

    assert build_codec(Section(options), context)(record(1)) == b"m1 14:13:20\n"


def test_what_has_no_text_is_set_apart(context: OutputContext) -> None:
    """The others have theirs."""
    options = {
        "codec": {"format": {"string": "%{[monitor.id]}%{[@metadata.pipeline]}"}}
    }
    codec = build_codec(Section(options), context)
    batch = [record(1, pipeline="a"), record(2)]

    encoded = encode_batch(codec, batch)

    assert (encoded.records, encoded.texts) == (batch[:1], [b"m1a\n"])
    (rejection,) = encoded.rejected
    assert rejection.record is batch[1]
    assert "monitor.id, @metadata.pipeline" in rejection.reason


def test_an_envelope_has_another_end_and_name(context: OutputContext) -> None:
    """Receivers of messages want no line ends."""
    text = build_codec(Section({}), context, Envelope("up", b""))(record(1))

    assert text.endswith(b"}")
    assert orjson.loads(text)["@metadata"]["beat"] == "up"
