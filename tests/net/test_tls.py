"""The shared TLS settings: what they expect, what they learn, when they are renewed."""

from __future__ import annotations

import logging
import ssl
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.config.tls import TlsOptions
from heartbeat.net.tls import TlsContext
from heartbeat.net.verdict import Expectation
from tests.support import certificates as pki

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.clock import FakeClock


def context(clock: FakeClock, **settings: Any) -> TlsContext:
    """Return settings that trust the test's own authority."""
    settings.setdefault("certificate_authorities", [pki.root().pem])
    return TlsContext(TlsOptions.model_validate(settings), clock)


def trusts(settings: TlsContext, issued: pki.Issued) -> bool:
    """Tell whether a server with this certificate would be trusted, in memory."""
    client_in, client_out = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = settings.wrap(client_in, client_out, "localhost")
    server = pki.server_context(issued).wrap_bio(
        client_out, client_in, server_side=True
    )
    for side in (client, server, client):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLCertVerificationError:
            return False
    return True


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("full", Expectation("a.test", allow_common_name=True)),
        ("strict", Expectation("a.test", allow_common_name=False)),
        ("certificate", Expectation(None, allow_common_name=False)),
        ("none", Expectation(None, allow_common_name=False)),
    ],
)
def test_what_a_certificate_has_to_be_good_for(
    clock: FakeClock, mode: str, expected: Expectation
) -> None:
    """Each mode expects something else of the name."""
    assert context(clock, verification_mode=mode).expectation("a.test") == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"verification_mode": "full"}, False),
        ({"verification_mode": "strict"}, False),
        (
            {
                "verification_mode": "strict",
                "certificate_reload": {"enabled": False},
            },
            True,
        ),
        ({"verification_mode": "strict", "certificate_authorities": []}, True),
    ],
)
def test_whose_dates_are_shown(
    clock: FakeClock, settings: dict[str, object], expected: object
) -> None:
    """The chain's where the reference's standard library verifies."""
    assert context(clock, **settings).is_plain_strict is expected


@pytest.mark.parametrize(
    ("renegotiation", "expected"), [("never", 0), ("once", 1), ("freely", 0)]
)
def test_what_openssl_cannot_count(
    clock: FakeClock,
    caplog: pytest.LogCaptureFixture,
    renegotiation: str,
    expected: int,
) -> None:
    """A limit that cannot be kept is told to the operator."""
    context(clock, renegotiation=renegotiation)

    assert len(caplog.messages) == expected


def test_learning(clock: FakeClock) -> None:
    """Only the certificate with the fingerprint is learned, however often it comes."""
    other = pki.read(pki.other_root())
    settings = context(clock, ca_trusted_fingerprint=other.fingerprint)

    found = [settings.learn(pki.read(pki.root())), *map(settings.learn, [other, other])]

    assert found == [False, True, True]
    assert trusts(settings, pki.unknown_authority())


def test_the_form_of_a_fingerprint(clock: FakeClock) -> None:
    """Fingerprints may have upper-case digits and colons."""
    other = pki.read(pki.other_root())
    digits = other.fingerprint.upper()
    written = ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))

    assert context(clock, ca_trusted_fingerprint=written).learn(other)


class Reloaded:
    """Settings whose authority stands in a file that changes."""

    def __init__(self, clock: FakeClock, path: Path, **settings: Any) -> None:
        """Trust the wrong authority for a start."""
        self.clock = clock
        self.path = path / "ca.pem"
        self.path.write_text(pki.other_root().pem)
        self.settings = context(
            clock, certificate_authorities=[str(self.path)], **settings
        )

    async def trusts_after(self, text: str, seconds: float) -> bool:
        """Change the file, let time pass, and look."""
        self.path.write_text(text)
        await self.clock.advance(seconds)
        await self.settings.refresh()
        return trusts(self.settings, pki.good())


@pytest.fixture
def reloaded(clock: FakeClock, tmp_path: Path) -> Reloaded:
    """Return settings with a file of their own."""
    return Reloaded(clock, tmp_path)


async def test_a_changed_file_counts_after_the_interval(reloaded: Reloaded) -> None:
    """A changed file is read again once the interval has passed, not before."""
    text = pki.root().pem * 2

    found = [await reloaded.trusts_after(text, seconds) for seconds in (4.9, 0.1)]

    assert found == [False, True]


async def test_an_unchanged_file_is_not_read_again(
    reloaded: Reloaded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a change nothing is built."""
    await reloaded.clock.advance(5.0)
    monkeypatch.setattr("heartbeat.net.tls.build_context", None)

    await reloaded.settings.refresh()

    assert not trusts(reloaded.settings, pki.good())


async def test_a_broken_file_changes_nothing(
    reloaded: Reloaded, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that cannot be used leaves the old authorities, with a warning."""
    with caplog.at_level(logging.WARNING):
        found = await reloaded.trusts_after("nothing", 5.0)

    assert not found
    fault = f"certificate_authorities: '{reloaded.path}' holds no PEM certificate"
    assert caplog.messages == [f"certificates not reloaded, the old stay: {fault}"]


async def test_a_missing_file_changes_nothing(
    reloaded: Reloaded, caplog: pytest.LogCaptureFixture
) -> None:
    """The same holds for a file that has gone, until it is back."""
    with caplog.at_level(logging.WARNING):
        reloaded.path.unlink()
        await reloaded.clock.advance(5.0)
        await reloaded.settings.refresh()

    assert len(caplog.messages) == 1
    assert await reloaded.trusts_after(pki.root().pem, 5.0)


async def test_what_was_learnt_survives_a_reload(
    clock: FakeClock, tmp_path: Path
) -> None:
    """An authority trusted by its fingerprint stays trusted."""
    other = pki.read(pki.self_signed())
    reloaded = Reloaded(clock, tmp_path, ca_trusted_fingerprint=other.fingerprint)
    reloaded.settings.learn(other)

    await reloaded.trusts_after(pki.root().pem, 5.0)

    assert trusts(reloaded.settings, pki.self_signed())


async def test_reloading_can_be_switched_off(clock: FakeClock, tmp_path: Path) -> None:
    """Without reloading, files are read once."""
    reloaded = Reloaded(clock, tmp_path, certificate_reload={"enabled": False})

    assert not await reloaded.trusts_after(pki.root().pem, 60.0)
