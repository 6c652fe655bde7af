"""Every query of Kibana's two apps has a test that is named after it."""

from __future__ import annotations

import re
from pathlib import Path

UPTIME = [f"u{number}" for number in range(1, 18)]
SYNTHETICS = [f"s{number}" for number in range(1, 15)]


def test_every_query_is_asked() -> None:
    """Seventeen of Uptime, fourteen of Synthetics."""
    named = {
        name
        for path in Path(__file__).parent.glob("test_*.py")
        for name in re.findall(r"def test_([us]\d+)_", path.read_text("utf-8"))
    }

    assert named == {*UPTIME, *SYNTHETICS}
