"""Names of hosts: what a name of a certificate covers, what is an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heartbeat.net.names import as_address, covers


@pytest.mark.parametrize(
    ("pattern", "host", "expected"),
    [
        ("web.test", "web.test", True),
        ("WEB.test", "web.TEST", True),
        ("web.test", "web.test.", True),
        ("*.web.test", "a.web.test", True),
        ("*.web.test", "web.test", False),
        ("*.web.test", "a.b.web.test", False),
        ("a*.web.test", "ab.web.test", False),
        ("*", "localhost", False),
        ("web.*", "web.test", False),
        ("", "", False),
        ("*.test", ".test", False),
    ],
)
def test_what_a_dns_name_covers(pattern: str, host: str, expected: object) -> None:
    """A wildcard stands for exactly the first label, case does not count."""
    assert covers([pattern], host) is expected


@given(st.lists(st.sampled_from(["a", "B", "0-9", "_x"]), min_size=1, max_size=5))
def test_every_name_covers_itself(labels: list[str]) -> None:
    """A host is covered by its own name and, below a domain, by a wildcard."""
    host = ".".join(labels)
    wildcard = ".".join(["*", *labels[1:]])

    assert covers([host], host)
    assert covers([wildcard], host) is (len(labels) > 1)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("0:0::0001", "::1"),
        ("127.0.0.01", None),
        ("localhost", None),
    ],
)
def test_addresses(host: str, expected: str | None) -> None:
    """Addresses are brought into their shortest form, names are none."""
    assert as_address(host) == expected
