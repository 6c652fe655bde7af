"""The options of TLS."""

from __future__ import annotations

import pytest

from heartbeat.config import Section, TlsOptions
from heartbeat.errors import ConfigError


def test_defaults() -> None:
    """An empty section verifies everything with current protocols."""
    options = Section({}).unpack(TlsOptions)

    assert (
        options.verification_mode,
        options.supported_protocols,
        options.certificate_reload.enabled,
        options.certificate_reload.reload_interval,
    ) == ("full", ("TLSv1.2", "TLSv1.3"), True, 5.0)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"verification_mode": "None"}, "unknown verification mode 'None'"),
        ({"supported_protocols": ["SSLv3"]}, "invalid tls version 'SSLv3'"),
        ({"certificate": "a.pem"}, "key file not configured"),
        ({"key": "a.key"}, "certificate file not configured"),
        (
            {"renegotiation": "always"},
            "expecting 'never', 'once' or 'freely', not 'always'",
        ),
    ],
)
def test_refused(written: dict[str, object], expected: str) -> None:
    """What cannot work is said when it is read."""
    with pytest.raises(ConfigError) as caught:
        Section(written).unpack(TlsOptions)

    assert expected == caught.value.problems[0].message


def test_switched_off() -> None:
    """A section that is off need not be whole."""
    options = Section({"enabled": False, "key": "a.key"}).unpack(TlsOptions)

    assert not options.enabled
