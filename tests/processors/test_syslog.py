"""`syslog`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from heartbeat.errors import ProcessorError
from heartbeat.event import Event, milliseconds
from heartbeat.processors.syslog_messages import read_3164
from tests.support.processors import chain, event, faults, processed

OLD = "<34>Oct 11 22:14:15 mymachine su[123]: 'su root' failed"
NEW = (
    "<165>1 2003-10-11T22:14:15.003Z host.example app 7 ID47"
    ' [x@1 iut="3" say="a \\"b\\""][y@2 k="v"] \ufeffAn event'
)


async def parsed(text: str, **options: object) -> Event:
    """Return the event after its message was taken apart."""
    changed = await chain({"syslog": options}).run_strictly(event(message=text))
    assert changed is not None
    return changed


async def test_old_form() -> None:
    """A message of RFC 3164 has no year; the latest that was is meant."""
    found = await parsed(OLD, timezone="+02:00")

    assert milliseconds(found.timestamp) == "2025-10-11T20:14:15.000Z"
    assert found.fields == {
        "message": "'su root' failed",
        "log": {
            "syslog": {
                "priority": 34,
                "facility": {"code": 4, "name": "security/authorization"},
                "severity": {"code": 2, "name": "Critical"},
                "hostname": "mymachine",
                "appname": "su",
                "procid": "123",
            }
        },
    }


async def test_new_form() -> None:
    """A message of RFC 5424 has structured data."""
    found = await parsed(NEW)

    assert milliseconds(found.timestamp) == "2003-10-11T22:14:15.003Z"
    assert found.fields["message"] == "An event"
    assert found.fields["log"]["syslog"] == {
        "priority": 165,
        "facility": {"code": 20, "name": "local4"},
        "severity": {"code": 5, "name": "Notice"},
        "hostname": "host.example",
        "appname": "app",
        "procid": "7",
        "msgid": "ID47",
        "version": "1",
        "structured_data": {"x@1": {"iut": "3", "say": 'a "b"'}, "y@2": {"k": "v"}},
    }


async def test_nothing_said() -> None:
    """What a message does not say is left out."""
    found = await parsed("<0>1 - - - - - -")

    assert milliseconds(found.timestamp) == milliseconds(event().timestamp)
    assert set(found.fields["log"]["syslog"]) == {
        *("priority", "facility", "severity", "version"),
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Oct  1 02:03:04.5 h x", datetime(2025, 10, 1, 2, 3, 4, 500_000, UTC)),
        ("Jan  2 00:00:00 h x", datetime(2026, 1, 2, tzinfo=UTC)),
        (
            "2026-01-01T00:00:00+01:00 h x",
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        ),
    ],
)
def test_times(text: str, expected: datetime) -> None:
    """Times have no year, or all that there is."""
    now = datetime(2026, 1, 1, tzinfo=UTC)

    assert read_3164(text, UTC, now).time == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("plain", "message is not as RFC 3164 has it"),
        ("<192>Oct 11 22:14:15 h x", "priority 192 is more than 191"),
        ("<1>Foo 11 22:14:15 h x", "'Foo 11 22:14:15' is no time"),
        ("<1>Feb 31 22:14:15 h x", "'Feb 31 22:14:15' is no time"),
        ("<1>1 x", "message is not as RFC 5424 has it"),
        ("<1>1 yesterday h a p m -", "'yesterday' is no time"),
        ('<1>1 - h a p m [x@1 k="v', "structured data ends too early"),
        ("<1>1 - h a p m nothing", "there is no structured data in 'nothing'"),
    ],
)
def test_malformed(text: str, message: str) -> None:
    """What is no message is told, or left alone if failures do not matter."""
    with pytest.raises(ProcessorError, match=f"failed in processor.syslog: {message}"):
        processed("syslog", {}, {"message": text})
    lenient = {"ignore_failure": True}
    assert processed("syslog", lenient, {"message": text}) == {"message": text}


def test_options() -> None:
    """Fields that are there may stay; a field that is missing may be no failure."""
    fields: dict[str, Any] = {"m": OLD, "message": "mine"}

    changed = processed("syslog", {"field": "m", "overwrite_keys": False}, fields)

    assert changed is not None
    assert (changed["m"], changed["message"]) == (OLD, "mine")
    assert processed("syslog", {"ignore_missing": True}, {}) == {}


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"format": "rfc1"}, "invalid format: rfc1, use one of auto, rfc3164, rfc5424"),
        ({"timezone": "Moon/Base"}, "Moon/Base"),
        ({"colour": 1}, "unexpected colour option in processors.0.syslog"),
    ],
)
def test_bad_options(options: dict[str, object], fault: str) -> None:
    """Options that cannot work are told when they are read."""
    (told,) = faults({"syslog": options})

    assert fault in told
