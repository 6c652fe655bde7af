"""Figures of several workers as those of one."""

from __future__ import annotations

from typing import Any

from heartbeat.supervisor.aggregate import health_of, metrics_of, stats_of, together


def delays(p50: int, p99: int) -> dict[str, Any]:
    """Return quantiles."""
    return {"p50": {"us": p50}, "p99": {"us": p99}}


class TestTogether:
    """What becomes of each kind of member."""

    def test_counters_are_added(self) -> None:
        """Also where one worker has no such member."""
        assert together([{"a": {"b": 1}, "c": 2}, {"a": {"b": 3}}]) == {
            "a": {"b": 4},
            "c": 2,
        }

    def test_delays_are_the_worst(self) -> None:
        """Quantile by quantile: no less than any of them."""
        found = together([{"lateness": delays(5, 9)}, {"lateness": delays(7, 8)}])

        assert found == {"lateness": delays(7, 9)}

    def test_of_the_host(self) -> None:
        """The load of the machine is not added up."""
        assert together([{"system": {"load": {"1": 2.0}}}] * 2) == {
            "system": {"load": {"1": 2.0}}
        }

    def test_info(self) -> None:
        """Names are those of the first, the uptime is the longest."""
        info = {"name": "heartbeat", "uptime": {"ms": 5}}
        later = {"name": "heartbeat", "uptime": {"ms": 9}}

        assert together([{"info": info}, {"info": later}]) == {"info": later}

    def test_flags(self) -> None:
        """All of them have to be up."""
        assert together([{"available": True}, {"available": False}]) == {
            "available": False
        }

    def test_configuration_is_read_by_each(self) -> None:
        """A reload of all is one; a file is named once; monitors are added."""
        one = {"reloads": 2, "invalid_files": ["a"], "module": {"running": 3}}
        other = {"reloads": 1, "invalid_files": ["a", "b"], "module": {"running": 4}}

        assert together([{"config": one}, {"config": other}])["config"] == {
            "reloads": 2,
            "invalid_files": ["a", "b"],
            "module": {"running": 7},
        }

    def test_nothing(self) -> None:
        """While no worker answers there are no figures."""
        assert together([]) == {}


def test_stats() -> None:
    """What is a worker's own is listed beside the sums."""
    figures: dict[str, Any] = {
        "beat": {"memstats": {"rss": 10}},
        "heartbeat": {"scheduler": {"due": 3, "types": {"tcp": {}}}},
    }
    page = stats_of([({"worker": f"worker-{n}"}, figures) for n in range(2)])

    assert page["beat"]["memstats"]["rss"] == 20
    assert page["heartbeat"]["scheduler"]["due"] == 6
    assert page["workers"][1] == {
        "worker": "worker-1",
        "beat": {"memstats": {"rss": 10}},
        "scheduler": {"due": 3},
    }


def test_health() -> None:
    """Well is who is well in all parts; each fault is told with its worker."""
    well = {"status": "ok", "outputs": {"file": {"available": True, "pending": 1}}}
    ill = {"status": "full", "outputs": {"file": {"available": False, "pending": 2}}}
    gone = "worker-2 is not running"

    assert health_of([("worker-0", well), ("worker-1", well)])["status"] == "ok"
    assert health_of([("worker-0", well), ("worker-1", ill), ("worker-2", gone)]) == {
        "status": "worker-1: full; worker-2 is not running",
        "outputs": {"file": {"available": False, "pending": 3}},
    }


def test_metrics() -> None:
    """Each family has one head, and all samples of it stand together."""
    page = '# HELP up Is up.\n# TYPE up gauge\nup 1\n# HELP n Count.\nn{a="x y"} 2\n'

    assert metrics_of([("w0", page), ("w1", page)]) == (
        "# HELP up Is up.\n# TYPE up gauge\n"
        'up{worker="w0"} 1\nup{worker="w1"} 1\n'
        "# HELP n Count.\n"
        'n{worker="w0",a="x y"} 2\nn{worker="w1",a="x y"} 2\n'
    )
