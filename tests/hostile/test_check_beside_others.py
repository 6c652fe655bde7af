"""What `heartbeat check` says of TLS targets beside what curl and openssl say."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.program import ROOT

if TYPE_CHECKING:
    from tests.support.kits import Targets

pytestmark = [pytest.mark.targets, pytest.mark.slow]

TRUSTED = [1, 5, 6, 7, 11, 13, 14, 17]
UNTRUSTED = [2, 3, 4, 9, 10, 12, 18]
CERTIFICATE = re.compile(
    r"-----BEGIN CERTIFICATE-----.+?-----END [^-]+-----", re.DOTALL
)
REFUSED = 60
"""Exit code of curl for a certificate that it does not trust."""


def _output(*command: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - tools of the system, and ourselves
        command,
        input=given,
        capture_output=True,
        text=True,
        timeout=15,
        cwd=ROOT,
        check=False,
    )


def _check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return _output(sys.executable, "-m", "heartbeat", "check", *arguments)


def _by_curl(url: str, ca: str) -> dict[str, Any]:
    wanted = ("-s", "--cacert", ca, "-o", "/dev/null", "-w%{json}")
    report: dict[str, Any] = json.loads(_output("curl", *wanted, url).stdout)
    return report


def _chain_by_openssl(port: int) -> list[tuple[str, str, str]]:
    """Return common name, end and fingerprint of each certificate that is sent."""
    place = ("-connect", f"127.0.0.1:{port}", "-servername", "localhost")
    shown = _output("openssl", "s_client", "-showcerts", *place).stdout
    return [_facts(pem) for pem in CERTIFICATE.findall(shown)]


def _facts(pem: str) -> tuple[str, str, str]:
    asked = ("-subject", "-enddate", "-fingerprint", "-sha256", "-dateopt", "iso_8601")
    told = _output("openssl", "x509", "-noout", *asked, given=pem).stdout.splitlines()
    subject, end, fingerprint = told
    name = re.search(r"CN ?= ?([^,]+)", subject)
    digits = fingerprint.partition("=")[2].replace(":", "").lower()
    return (name[1] if name else "", end.partition("=")[2][:16], digits)


def _chain_by_us(text: str) -> list[tuple[str, str, str]]:
    """Return the same from what the command prints."""
    subjects = re.findall(r"^  cert +\d+  CN=([^,\n]+)", text, re.MULTILINE)
    ends = re.findall(r"valid    .+ to (\S+ \S+) UTC", text)
    fingerprints = re.findall(r"sha256   (\S+)", text)
    return list(zip(subjects, ends, fingerprints, strict=True))


@pytest.mark.parametrize("offset", TRUSTED)
def test_a_trusted_server(targets: Targets, offset: int) -> None:
    """Status and size are curl's, the chain is the one that openssl sees."""
    port = targets.port(offset)
    url = f"https://localhost:{port}/"
    theirs = _by_curl(url, targets.ca)

    shown = _check(url, "--ca", targets.ca)
    line = _check(url, "--ca", targets.ca, "--perfdata")

    assert (shown.returncode, line.returncode, theirs["exitcode"]) == (0, 0, 0)
    assert f"status {theirs['http_code']}\n" in shown.stdout
    assert f" size={theirs['size_download']}B;" in line.stdout
    assert _chain_by_us(shown.stdout) == _chain_by_openssl(port)


@pytest.mark.parametrize("offset", UNTRUSTED)
def test_an_untrusted_server(targets: Targets, offset: int) -> None:
    """Where curl refuses a certificate we do, and still show the whole chain.

    Taken unseen the answer is the same as curl's.
    """
    port = targets.port(offset)
    url = f"https://localhost:{port}/"

    shown = _check(url, "--ca", targets.ca)

    assert _by_curl(url, targets.ca)["exitcode"] == REFUSED
    assert shown.returncode == 2
    assert "FAILED  the certificate is trusted and valid for the host" in shown.stdout
    assert _chain_by_us(shown.stdout) == _chain_by_openssl(port)
    assert _check(url, "--insecure").returncode == 0


def test_a_page_that_is_refused(targets: Targets) -> None:
    """A status that makes `curl --fail` fail is critical."""
    url = f"http://127.0.0.1:{targets.port(0)}/status/500"

    assert _output("curl", "-sf", "-o", "/dev/null", url).returncode == 22
    assert _check(url).returncode == 2


def test_days_left(targets: Targets) -> None:
    """A certificate counts as near its end exactly when openssl says so."""
    place = f"tls://localhost:{targets.port(5)}"
    shown = _output(
        *("openssl", "s_client", "-connect", f"127.0.0.1:{targets.port(5)}")
    ).stdout
    ends = _output("openssl", "x509", "-noout", "-checkend", "86400", given=shown)

    assert ends.returncode == 1
    assert _check(place, "--ca", targets.ca, "--cert-days", "1").returncode == 1
    assert _check(place, "--ca", targets.ca, "--cert-days", "2,1").returncode == 2
    assert _check(place, "--ca", targets.ca).returncode == 0
