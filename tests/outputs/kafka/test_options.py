"""The options of `output.kafka`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config import Section
from heartbeat.errors import ConfigError, OutputUnavailable
from heartbeat.net import Network
from heartbeat.outputs.base import Limits, OutputContext
from heartbeat.outputs.kafka import build
from heartbeat.outputs.kafka.client import Access
from heartbeat.outputs.kafka.options import KafkaOptions
from tests.support.certificates import root

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock

MINIMUM: dict[str, Any] = {"hosts": "a", "topic": "t"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"topic": "t"}, "no hosts configured"),
        ({"hosts": "a"}, "either 'topic' or 'topics' must be defined"),
        ({**MINIMUM, "hosts": "a:b:c"}, "'a:b:c' is no host"),
        ({**MINIMUM, "topic": "%{"}, "missing '}'"),
        ({**MINIMUM, "topics": [{"default": "d"}]}, "missing topics.0.topic"),
        ({**MINIMUM, "topics": {"topic": "x"}}, "a list is needed here"),
        ({**MINIMUM, "key": "%{x}"}, "unsupported format expression"),
        ({**MINIMUM, "compression": "rar"}, "compression mode 'rar' unknown"),
        ({**MINIMUM, "required_acks": 2}, "requires value <= 1"),
        ({**MINIMUM, "username": "u"}, "password must be set when username is"),
        ({**MINIMUM, "sasl": {"mechanism": "OAUTHBEARER"}}, "not valid mechanism"),
        ({**MINIMUM, "idempotent": True}, "requires required_acks to be -1"),
        ({**MINIMUM, "kerberos": {"realm": "r"}}, "is not supported here"),
        (
            {**MINIMUM, "partition": {"sticky": {}}},
            "unknown kafka partition mode sticky",
        ),
        ({**MINIMUM, "partition": {"random": {}, "hash": {}}}, "too many partitioners"),
        ({**MINIMUM, "partition": {"random": {"group_events": 0}}}, "value >= 1"),
        ({**MINIMUM, "headers": [{"value": "v"}]}, "missing required field"),
    ],
)
def test_what_cannot_work_is_refused(
    clock: FakeClock, options: dict[str, Any], message: str
) -> None:
    """The option and the reason are told."""
    with pytest.raises(ConfigError, match=re.escape(message)):
        build(Section(options), OutputContext(Network(clock)))


@pytest.mark.parametrize("partition", ["random", "round_robin", "hash"])
@pytest.mark.parametrize("content", [None, {}])
def test_a_partitioner_needs_no_options(
    clock: FakeClock, partition: str, content: Any
) -> None:
    """Its name is enough."""
    options = {**MINIMUM, "partition": {partition: content}}

    output = build(Section(options), OutputContext(Network(clock)))

    assert output.limits == Limits(gather=1.0)


@pytest.mark.parametrize(
    ("written", "used"),
    [("none", None), ("no", None), ("OFF", None), ("gzip", "gzip"), ("LZ4", "lz4")],
)
def test_compression(written: str, used: str | None) -> None:
    """As the library calls it."""
    options = KafkaOptions.model_validate({**MINIMUM, "compression": written})

    assert options.codec_name == used


def test_a_section_that_is_not_enabled() -> None:
    """Kerberos may be written and switched off."""
    kerberos = {"enabled": False}

    assert KafkaOptions.model_validate({**MINIMUM, "kerberos": kerberos}).topic == "t"


def test_secrets_are_not_shown() -> None:
    """Not even by accident."""
    access = Access(("a",), "c", 1.0, 1, 1, 1.0, password="secret")

    assert "secret" not in repr(access)


async def test_certificates_that_went_bad(clock: FakeClock, tmp_path: Path) -> None:
    """They are read for every connection; the reason is told until they are good."""
    file = tmp_path / "ca.pem"
    file.write_text(root().pem)
    options = {**MINIMUM, "ssl": {"certificate_authorities": str(file)}}
    output = build(Section(options), OutputContext(Network(clock)))
    file.write_text("no certificate")

    with pytest.raises(OutputUnavailable, match="certificate"):
        await output.connect()
    assert [finding async for finding in output.test()][-1].verdict == "ERROR"
