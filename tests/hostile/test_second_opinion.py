"""What heartbeat says of a target beside what curl and openssl say of it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile.prober import fields

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.event import Fields
    from tests.hostile.prober import Prober
    from tests.support.kits import Targets

pytestmark = [pytest.mark.targets, pytest.mark.slow]

PATHS = [
    *("/", "/status/204", "/status/301", "/status/404", "/status/500", "/redirect/3"),
    *("/1m", "/empty", "/json", "/utf8", "/latin1", "/many", "/chunked", "/gzip"),
    *("/text", "/closing", "/unready"),
]
TRUSTED = [1, 5, 6, 7, 8, 11, 13, 14, 15, 17]
UNTRUSTED = [2, 3, 4, 9, 10, 12, 18]
CERTIFICATE_REFUSED = 60
"""Exit code of curl."""


def _output(*command: str, given: bytes = b"") -> bytes:
    ended = subprocess.run(  # noqa: S603 - tools of the system
        command, input=given, capture_output=True, timeout=10, check=False
    )
    return ended.stdout


def _by_curl(url: str, ca: str, body: Path) -> dict[str, Any]:
    """Return what curl reports; the facts have our names."""
    written = _output("curl", "-s", "--cacert", ca, "-o", str(body), "-w%{json}", url)
    report = json.loads(written)
    data = body.read_bytes() if body.exists() else b""
    return {
        "exit": report["exitcode"],
        "ip": report["remote_ip"],
        "status_code": report["http_code"],
        "bytes": report["size_download"],
        "hash": hashlib.sha256(data).hexdigest(),
    }


def _by_openssl(port: int) -> Fields:
    """Return what openssl reports of the connection and of the certificate."""
    connect = f"-connect=127.0.0.1:{port}".split("=")
    shown = _output("openssl", "s_client", *connect, "-servername", "localhost")
    lines = [line.strip() for line in shown.decode().splitlines()]
    (agreed,) = [line for line in lines if line.startswith("New, TLS")]
    version = agreed.removeprefix("New, TLSv").partition(",")[0]
    asked = ["-serial", "-fingerprint", "-sha256", "-startdate", "-enddate"]
    known = _output("openssl", "x509", "-noout", *asked, given=shown).decode()
    values = [line.partition("=")[2] for line in known.splitlines()]
    serial, fingerprint, begin, end = values
    return {
        "version": version,
        "serial_number": str(int(serial, 16)),
        "sha256": fingerprint.replace(":", "").lower(),
        "not_before": _document_time(begin),
        "not_after": _document_time(end),
    }


def _document_time(text: str) -> str:
    moment = datetime.strptime(text, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"


def _certificate(members: Fields) -> Fields:
    server = members["tls"]["server"]
    wanted = ("serial_number", "not_before", "not_after")
    found = {name: server["x509"][name] for name in wanted}
    return {"sha256": server["hash"]["sha256"], **found}


def _response(members: Fields) -> Fields:
    response = members["http"]["response"]
    body = response["body"]
    status = response["status_code"]
    return {"status_code": status, "bytes": body["bytes"], "hash": body["hash"]}


@pytest.mark.parametrize("path", PATHS)
async def test_a_page(
    prober: Prober, targets: Targets, tmp_path: Path, path: str
) -> None:
    """Address, status, size and content are those that curl finds."""
    url = f"http://127.0.0.1:{targets.port(0)}{path}"
    theirs = _by_curl(url, targets.ca, tmp_path / "body")

    result, _ = await prober.run(prober.check("http", urls=[url]))

    ours = {"exit": 0, "ip": result.ip, **_response(fields(result))}
    assert ours == theirs


@pytest.mark.parametrize("offset", TRUSTED)
async def test_a_trusted_server(
    prober: Prober, targets: Targets, tmp_path: Path, offset: int
) -> None:
    """The page is the one curl gets, version and certificate are what openssl sees."""
    port = targets.port(offset)
    host = "127.0.0.1" if offset == 15 else "localhost"
    url = f"https://{host}:{port}/"
    theirs = _by_curl(url, targets.ca, tmp_path / "body")
    ssl = {"certificate_authorities": [targets.ca]}

    result, _ = await prober.run(prober.check("http", urls=[url], ssl=ssl))

    members = fields(result)
    assert {"exit": 0, "ip": result.ip, **_response(members)} == theirs
    version = {"version": members["tls"]["version"]}
    assert _certificate(members) | version == _by_openssl(port)


@pytest.mark.parametrize("offset", UNTRUSTED)
async def test_an_untrusted_server(
    prober: Prober, targets: Targets, tmp_path: Path, offset: int
) -> None:
    """Where curl refuses a certificate we do, and still tell which one it was."""
    port = targets.port(offset)
    url = f"https://localhost:{port}/"
    theirs = _by_curl(url, targets.ca, tmp_path / "body")
    ssl = {"certificate_authorities": [targets.ca]}

    result, _ = await prober.run(prober.check("http", urls=[url], ssl=ssl))

    assert theirs["exit"] == CERTIFICATE_REFUSED
    assert result.error is not None
    assert "x509: " in result.error.message
    seen = _by_openssl(port)
    del seen["version"]
    assert _certificate(fields(result)) == seen
