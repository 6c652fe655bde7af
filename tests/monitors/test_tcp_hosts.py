"""The forms in which the TCP monitor takes hosts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.errors import ConfigError
from heartbeat.monitors.tcp import Endpoint, parse_host


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost", [("tcp", "localhost", 123), ("tcp", "localhost", 456)]),
        ("1.2.3.4", [("tcp", "1.2.3.4", 123), ("tcp", "1.2.3.4", 456)]),
        ("[::1]", [("tcp", "::1", 123), ("tcp", "::1", 456)]),
        ("[::1]:9", [("tcp", "::1", 9)]),
        ("example.net:999", [("tcp", "example.net", 999)]),
        ("tls://example.net:999", [("tls", "example.net", 999)]),
        ("SSL://Example.NET:999", [("ssl", "Example.NET", 999)]),
        ("plain://u:p@h:1/x?y=1#z", [("plain", "h", 1)]),
        ("tcp://h:/", [("tcp", "h", 123), ("tcp", "h", 456)]),
        ("h:0", [("tcp", "h", 0)]),
        ("h:65535", [("tcp", "h", 65535)]),
    ],
)
def test_forms(text: str, expected: list[tuple[str, str, int]]) -> None:
    """Scheme and port of a host win over the defaults; the rest is left out."""
    endpoints = list(parse_host(text, [123, 456], "tcp"))

    assert endpoints == [Endpoint(*each) for each in expected]


def test_the_default_scheme() -> None:
    """A host without a scheme takes the default one."""
    assert list(parse_host("h:1", [], "ssl")) == [Endpoint("ssl", "h", 1)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "udp://h:1",
            (
                "'udp' is not a supported connection scheme in 'udp://h:1', "
                "supported schemes are tcp, plain, tls, and ssl"
            ),
        ),
        ("h", "host 'tcp://h' missing port number"),
        ("tls://h", "host 'tls://h' missing port number"),
        (
            "::1",
            (
                "could not parse tcp host 'tcp://::1', "
                "an IPv6 address needs brackets: [::1]"
            ),
        ),
        ("h:" + "9" * 9999, "could not parse tcp host 'tcp://h:" + "9" * 9999 + "'"),
        ("h:x", "could not parse tcp host 'tcp://h:x'"),
        ("[name]:1", "could not parse tcp host 'tcp://[name]:1'"),
        ("[::1", "could not parse tcp host 'tcp://[::1'"),
        ("tcp://:80", "could not parse tcp host 'tcp://:80'"),
        ("h:1/x", "could not parse tcp host 'tcp://h:1/x'"),
        (
            "h:65536",
            "no port(s) defined for TCP endpoint tcp://h:65536: 65536 is above 65535",
        ),
    ],
)
def test_what_is_no_host(text: str, expected: str) -> None:
    """Each mistake has its own words."""
    with pytest.raises(ConfigError) as failure:
        list(parse_host(text, [], "tcp"))

    assert str(failure.value) == expected


@pytest.mark.parametrize(
    "text", ["tcp://u:secret@h", "u:secret@h:1", "udp://u:sec:ret@h", "tcp://u:s/e@h:1"]
)
def test_no_message_has_a_password(text: str) -> None:
    """A password in a host is masked wherever the host is shown."""
    with pytest.raises(ConfigError) as failure:
        list(parse_host(text, [], "tcp"))

    assert "u:%3Chidden%3E@h" in str(failure.value)


@given(st.text(), st.lists(st.integers(0, 65535), max_size=2))
def test_any_text_is_a_host_or_a_mistake(text: str, ports: list[int]) -> None:
    """Nothing an operator writes raises anything else."""
    try:
        endpoints = list(parse_host(text, ports, "tcp"))
    except ConfigError:
        return

    assert all(0 <= endpoint.port <= 65535 for endpoint in endpoints)
