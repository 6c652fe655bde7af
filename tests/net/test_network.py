"""What all checks share: TLS settings and whatever a plug-in makes once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from heartbeat.config.tls import TlsOptions
from heartbeat.errors import ConfigError
from tests.support import certificates as pki

if TYPE_CHECKING:
    from heartbeat.net import Network


def options(**settings: object) -> TlsOptions:
    """Return options with the test's own authority."""
    settings.setdefault("certificate_authorities", [pki.root().pem])
    return TlsOptions.model_validate(settings)


async def test_equal_options_share_a_context(network: Network) -> None:
    """Settings that say the same are built once."""
    assert network.tls(options()) is network.tls(options())


async def test_different_options_do_not(network: Network) -> None:
    """Settings that differ are apart."""
    other = options(verification_mode="none")

    assert network.tls(options()) is not network.tls(other)


async def test_no_options_are_the_defaults(network: Network) -> None:
    """An absent section and one that is not enabled both mean the defaults."""
    off = options(enabled=False, verification_mode="none")

    assert network.tls(None) is network.tls(off)
    assert network.tls(off).verifies


async def test_options_that_cannot_be_used(network: Network) -> None:
    """A fault is told every time, not remembered as a context."""
    bad = options(cipher_suites=["ROT-13"])

    for _ in range(2):
        with pytest.raises(ConfigError, match="ROT-13"):
            network.tls(bad)


async def test_threads_share_a_context(network: Network) -> None:
    """Contexts may be asked for in threads."""
    with ThreadPoolExecutor(4) as threads:
        found = set(threads.map(network.tls, [options()] * 8))

    assert len(found) == 1


class Shared:
    """Something that is made once and closed at the end."""

    def __init__(self, network: Network) -> None:
        """Keep the network."""
        self.network = network
        self.closed = 0

    def close(self) -> None:
        """Count."""
        self.closed += 1


async def test_shared_things_are_made_once(network: Network) -> None:
    """A factory is called once for each network, with the network."""
    shared = network.shared(Shared)

    assert network.shared(Shared) is shared
    assert shared.network is network


async def test_shared_things_are_closed(network: Network) -> None:
    """What can be closed is closed with the network, once."""
    shared = network.shared(Shared)
    plain = network.shared(lambda _: "cannot be closed")
    await network.close()
    await network.close()

    assert (shared.closed, plain) == (1, "cannot be closed")
