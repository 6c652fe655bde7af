"""A small fleet as documents, and what a dashboard should show of it.

Owns the documents, as heartbeat writes them. Now, in minutes before it:

| Monitor | Where | What |
|---|---|---|
| `shop` | Frankfurt, Oslo | up all the time, degraded; certificate with 20 days left |
| `api` | Frankfurt | up 60 to 31, down since 30 |
| `old` | Frankfurt | up 180 to 121, then nobody looks: stale |
| `auto-1` | Oslo | without a name, ICMP; was down 20 to 11, up since |

The heartbeat in Bergen, the only one with the monitor `far`, was up until 120 ago.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

MINUTE = timedelta(minutes=1)


def stamp(moment: datetime) -> str:
    """Return a time as documents carry it."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def document(
    now: datetime, ago: int, monitor: str, *, place: str = "Frankfurt", up: bool = True
) -> dict[str, Any]:
    """Return what was found some minutes ago; each result holds for a minute."""
    moment = now - ago * MINUTE
    status = "up" if up else "down"
    span = {"gte": stamp(moment), "lt": stamp(moment + MINUTE)}
    return {
        "@timestamp": stamp(moment),
        "agent": {
            "id": f"agent-{place}",
            "name": f"probe-{place.lower()}",
            "ephemeral_id": f"process-{place}",
            "type": "heartbeat",
            "version": "9.5.0",
        },
        "event": {"dataset": "tcp", "type": "heartbeat/summary"},
        "monitor": {
            "id": monitor,
            "name": monitor.title(),
            "type": "tcp",
            "status": status,
            "ip": "192.0.2.1",
            "check_group": f"{monitor}-{place}-{ago}",
            "timespan": span,
            "duration": {"us": 20_000},
        },
        "observer": {"name": place.lower(), "geo": {"name": place}},
        "summary": {
            "up": int(up),
            "down": int(not up),
            "status": status,
            "attempt": 1,
            "max_attempts": 1,
            "final_attempt": True,
        },
        "state": {"id": f"{monitor}-{place}-1", "status": status, "checks": 2},
        "tcp": {"rtt": {"connect": {"us": 15_000}}},
        "url": {"full": f"tcp://{monitor}:7"},
    }


def shop(now: datetime, ago: int, place: str) -> dict[str, Any]:
    """Return a result of the shop."""
    one = document(now, ago, "shop", place=place)
    party = {"common_name": "shop.test"}
    ends = stamp(now + timedelta(days=20, minutes=1))
    one["monitor"]["type"] = "http"
    one["url"] = {"full": "https://shop.test/", "domain": "shop.test"}
    one["heartbeat"] = {"level": "degraded", "slow": ["total"]}
    one["http"] = {
        "response": {"status_code": 200, "body": {"bytes": 2048, "hash": "a1"}},
        "rtt": {"total": {"us": 300_000}, "response_header": {"us": 100_000}},
    }
    one["tls"] = {
        "version": "1.3",
        "cipher": "TLS-AES-128-GCM-SHA256",
        "rtt": {"handshake": {"us": 30_000}},
        "server": {
            "hash": {"sha256": "b2"},
            "x509": {"not_after": ends, "subject": party, "issuer": party},
        },
    }
    return one


def failed(one: dict[str, Any], began: datetime) -> dict[str, Any]:
    """Return the document of a target that is down since then."""
    lasted = datetime.fromisoformat(one["@timestamp"]) - began
    one["error"] = {
        "type": "io",
        "code": "NET_COULD_NOT_CONNECT",
        "message": "connection refused",
    }
    one["state"] |= {
        "id": f"{one['monitor']['id']}-2",
        "started_at": stamp(began),
        "duration_ms": str(lasted // timedelta(milliseconds=1)),
        "checks": lasted // MINUTE + 1,
    }
    return one


def api(now: datetime, ago: int) -> dict[str, Any]:
    """Return a result of the API, down since half an hour."""
    if ago > 30:
        return document(now, ago, "api")
    return failed(document(now, ago, "api", up=False), now - 30 * MINUTE)


def ping(now: datetime, ago: int) -> dict[str, Any]:
    """Return a result of the monitor without a name, which was down for a while."""
    is_up = not 11 <= ago <= 20
    one = document(now, ago, "auto-1", place="Oslo", up=is_up)
    one["monitor"] |= {"name": "", "type": "icmp"}
    one["icmp"] = {"rtt": {"us": 2_000}, "requests": 1}
    del one["tcp"]
    if not is_up:
        return failed(one, now - 20 * MINUTE)
    if ago == 10:
        ended = {"id": "auto-1-2", "status": "down", "duration_ms": "600000"}
        one["state"] |= {"id": "auto-1-3", "checks": 1, "ends": ended}
    return one


def documents(now: datetime) -> list[dict[str, Any]]:
    """Return the whole fleet."""
    now = now.replace(microsecond=0)
    made = [shop(now, ago, place) for ago in range(60) for place in PLACES]
    made += [api(now, ago) for ago in range(60)]
    made += [ping(now, ago) for ago in range(60)]
    made += [document(now, ago, "old") for ago in range(121, 181)]
    made += [document(now, ago, "far", place="Bergen") for ago in range(120, 180)]
    gap = document(now, 50, "old")
    gap["monitor"]["id"], gap["heartbeat"] = "api", {"gap": {"us": 70_000_000}}
    retried = document(now, 0, "shop", up=False)
    retried["summary"] |= {"final_attempt": False, "max_attempts": 2}
    return [*made, gap, retried]


PLACES = ("Frankfurt", "Oslo")
