"""What is told of monitors before they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heartbeat.clock import SystemClock
from heartbeat.config import Survey, survey
from heartbeat.config.layers import Request
from heartbeat.inventory import described
from heartbeat.net import Network
from tests.support.config import KINDS, written

if TYPE_CHECKING:
    from pathlib import Path

    from heartbeat.event import Fields

SECOND = 1_000_000_000


def told(
    folder: Path, *monitors: str, secrets: dict[str, str] | None = None
) -> list[Fields]:
    """Return what is told of monitors, their places left out."""
    text = "".join(f"- {{{monitor}}}\n" for monitor in monitors)
    file = written(folder, f"heartbeat.monitors:\n{text}")
    keystore = (secrets or {}).get
    found: Survey = survey(Request((file,), environment={}, keystore=keystore), KINDS)
    network = Network(SystemClock())
    lines = [described(entry, network, 0) for entry in found.entries]
    return [
        {k: v for k, v in line.items() if k not in {"file", "line"}} for line in lines
    ]


def test_changed_options(tmp_path: Path) -> None:
    """Options that are not as by default, coerced, by dotted names."""
    (monitor,) = told(
        tmp_path,
        "type: http, id: a, schedule: '@every 1m', urls: 'https://u', timeout: 2s,"
        " check.request: {method: post, headers: {X-A: 1}}, check.response.status: 201,"
        " ssl.verification_mode: none, tags: [t], max_redirects: 0, ipv4: true",
    )

    assert monitor["timeout_s"] == 2.0
    assert monitor["opts"] == {
        "check.request.headers.X-A": "1",
        "check.request.method": "POST",
        "check.response.status": [201],
        "ssl.verification_mode": "none",
        "tags": ["t"],
        "urls": ["https://u"],
    }


def test_secrets(tmp_path: Path) -> None:
    """Neither options for secrets nor secrets of the keystore are shown anywhere."""
    good, bad = told(
        tmp_path,
        "type: http, id: a, schedule: '@every 1m', urls: 'http://${K}/?t=${K}',"
        " username: u, password: literal, check.request.headers: {X-T: '${K}'}",
        "type: tcp, id: b, schedule: '@every 1m', hosts: '${K}://x'",
        secrets={"K": "s3cret"},
    )

    shown = f"{good} {bad}"
    assert "s3cret" not in shown
    assert "literal" not in shown
    assert good["endpoints"] == ["http://xxxxx/?t=xxxxx"]
    assert bad["bad_config"].startswith("'xxxxx' is not a supported connection scheme")


def test_a_schedule_that_ends(tmp_path: Path) -> None:
    """Only as many firings are told as there will be."""
    (monitor,) = told(
        tmp_path, "type: icmp, id: a, hosts: h, schedule: '0 0 0 1 1 * 2099'"
    )

    assert monitor["next"] == ["2099-01-01T00:00:00.000Z"]


def test_an_entry_that_is_nothing(tmp_path: Path) -> None:
    """Even an entry that is no mapping is told."""
    file = written(tmp_path, "heartbeat.monitors: [text]\n")
    (entry,) = survey(Request((file,), environment={}), KINDS).entries

    line = described(entry, Network(SystemClock()), 0)

    assert (line["id"], line["type"], line["enabled"]) == ("", None, True)
    assert line["bad_config"].startswith("required 'object', but found 'string'")
