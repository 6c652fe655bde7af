"""Limits of jobs from the environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heartbeat.config import Section
from heartbeat.config.jobs import with_job_limits
from heartbeat.errors import Problem
from tests.support.config import unexpected

if TYPE_CHECKING:
    from heartbeat.config.tree import Report


def limits(data: dict[str, Any], report: Report, **environment: str) -> Any:
    """Return the limits of a configuration in an environment."""
    root = with_job_limits(Section(data), environment, report)
    jobs = root.get("heartbeat.jobs")
    return jobs and jobs.plain()


def test_from_the_environment() -> None:
    """A variable sets the limit of a type that has none."""
    found = limits({}, unexpected, SYNTHETICS_LIMIT_HTTP="5", OTHER="1")

    assert found == {"http": {"limit": 5}}


def test_configuration_wins() -> None:
    """A limit that is written is not replaced."""
    data = {"heartbeat.jobs.tcp.limit": 2}

    assert limits(data, unexpected, SYNTHETICS_LIMIT_TCP="5") == {"tcp": {"limit": 2}}


def test_no_number() -> None:
    """A variable that is no number is a doubt."""
    problems: list[Problem] = []

    found = limits({}, problems.append, SYNTHETICS_LIMIT_ICMP="many")

    assert found is None
    message = (
        "Could not parse job limit env var SYNTHETICS_LIMIT_ICMP with value 'many' as"
        " integer"
    )
    assert problems == [Problem(message, is_warning=True)]
