"""Putting the dashboards into a Kibana, step by step."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from heartbeat.elastic.dashboards.shipped import BOARDS, all_objects
from heartbeat.elastic.kibana_load import put_beside
from tests.support.bulk import answer
from tests.support.clock import FakeClock
from tests.support.kibana import STATUS, fault, put, refusal, waiting
from tests.support.servers import refused_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.config import Settings
    from tests.support.kibana import FakeKibana

TITLES = [board.title for board in BOARDS]


async def test_everything_is_put(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """The data view first, then each dashboard with its panels; each step is told."""
    findings = await put(settings(kibana.url))

    assert [one["id"] for one in kibana.kept.values()] == [
        one["id"] for one in all_objects()
    ]
    assert kibana.titles("dashboard") == TITLES
    assert [(one.name, one.verdict) for one in findings] == [
        ("Kibana", "OK"),
        ("data view heartbeat-*", "OK"),
        *((f"dashboard {title}", "OK") for title in TITLES),
    ]
    assert findings[0].text == f"{kibana.url} has version 8.17.0"
    assert findings[1].text == "1 created"


async def test_again(kibana: FakeKibana, settings: Callable[..., Settings]) -> None:
    """What is there is replaced with the same."""
    await put(settings(kibana.url))
    before = dict(kibana.kept)
    findings = await put(settings(kibana.url))

    assert kibana.kept == before
    assert all(one.text.endswith("replaced") for one in findings[1:])


async def test_what_is_there_may_be_left(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """Then it is no fault that it is there."""
    await put(settings(kibana.url))
    view = ("", "index-pattern heartbeat-data-view")
    kibana.kept[view] = {**kibana.kept[view], "attributes": {"title": "mine"}}
    findings = await put(settings(kibana.url, "setup.dashboards.overwrite: false"))

    assert kibana.titles("index-pattern") == ["mine"]
    assert {one.verdict for one in findings} == {"OK"}
    assert findings[1].text == "1 there already"


@pytest.mark.parametrize(
    ("option", "types"),
    [
        ("only_index: true", {"index-pattern"}),
        ("only_dashboards: true", {"lens", "search", "dashboard"}),
    ],
)
async def test_a_part_alone(
    kibana: FakeKibana, settings: Callable[..., Settings], option: str, types: set[str]
) -> None:
    """The data view alone, or all but the data view that is there."""
    await put(settings(kibana.url))
    kibana.requests.clear()
    sent = settings(kibana.url, f"setup.dashboards: {{{option}}}")
    before = {key: dict(one) for key, one in kibana.kept.items()}
    kibana.kept = {k: o for k, o in kibana.kept.items() if o["type"] not in types}
    findings = await put(sent)

    assert {one.verdict for one in findings} == {"OK"}
    assert all(one.text.endswith("created") for one in findings[1:])
    assert kibana.kept == before


async def test_dashboards_without_their_data_view(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """Kibana refuses them, and each says what it misses."""
    findings = await put(settings(kibana.url, "setup.dashboards.only_dashboards: true"))
    details = [one for one in findings if one.depth == 1]

    assert {one.verdict for one in findings[1:]} == {"ERROR"}
    assert "lens heartbeat-overview-up" in {one.name for one in details}
    assert {one.text for one in details if one.name.startswith("lens")} == {
        "refers to what is not there: index-pattern heartbeat-data-view"
    }


async def test_other_indices(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """The data view is that of the indices that are asked for."""
    await put(settings(kibana.url, "setup.dashboards.index: 'probe-*'"))

    assert kibana.titles("index-pattern") == ["probe-*"]


MINE = """
output.elasticsearch: {hosts: [a], index: mine}
setup.template: {name: mine, pattern: mine}
"""
DOUBT = (
    "dashboards show heartbeat-*, but documents go to mine: write that into"
    " setup.dashboards.index"
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("output.elasticsearch.hosts: [a]", []),
        (MINE, [DOUBT]),
        (f"{MINE}setup.dashboards.index: 'heartbeat-*,mine'", []),
    ],
)
async def test_dashboards_that_would_stay_empty(
    kibana: FakeKibana,
    settings: Callable[..., Settings],
    text: str,
    expected: list[str],
) -> None:
    """If they show other indices than the documents go to, that is told."""
    findings = await put(settings(kibana.url, text))

    assert [one.text for one in findings if one.verdict == "WARN"] == expected


async def test_space(kibana: FakeKibana, settings: Callable[..., Settings]) -> None:
    """Everything goes into the space."""
    kibana.spaces = ("ops",)
    await put(settings(kibana.url, "setup.kibana.space.id: ops"))

    assert kibana.titles("dashboard", "ops") == TITLES
    assert kibana.titles("dashboard") == []


async def test_space_that_is_missing(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """Nothing is put: Kibana would take it for a space that nobody can open."""
    *_, finding = await put(settings(kibana.url, "setup.kibana.space.id: ops"))

    assert finding.text == "there is no space 'ops': create it in Kibana first"
    assert (finding.verdict, kibana.kept) == ("ERROR", {})


async def test_parts_that_are_refused(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """An answer of 200 that says success: false is a failure; the others go on."""
    kibana.failing = {
        "lens heartbeat-http-phases": {"type": "unsupported_type"},
        "lens heartbeat-http-urls": {"type": "unknown", "message": "too new"},
    }
    findings = await put(settings(kibana.url))
    faults = [one for one in findings if one.verdict == "ERROR"]

    assert [(one.name, one.text) for one in faults] == [
        (
            "dashboard [Heartbeat] HTTP",
            "not complete: 2 objects were refused, 6 were taken",
        ),
        (
            "lens heartbeat-http-phases",
            "this Kibana does not know objects of this type",
        ),
        ("lens heartbeat-http-urls", "too new"),
    ]
    assert kibana.titles("dashboard") == TITLES


async def test_waiting_for_kibana(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """If that is wanted, it is waited for; what for, is said once."""
    down = refusal(503, "starting")
    kibana.acts[STATUS] = [down, down, down, answer({"version": {"number": "9.1.0"}})]
    text = "setup.kibana.retry.max_retries: 0\nsetup.dashboards.retry.enabled: true"
    first, *others = await waiting(settings(kibana.url, text))

    assert first.verdict == "WARN"
    assert first.text.startswith("waiting for it: ")
    assert {one.verdict for one in others} == {"OK"}


async def test_waiting_has_an_end(settings: Callable[..., Settings]) -> None:
    """After the attempts that are allowed it is a fault."""
    text = "setup.dashboards.retry: {enabled: true, maximum: 2, interval: 1s}"
    doubt, finding = await waiting(settings(f"127.0.0.1:{refused_port()}", text))

    assert (doubt.verdict, finding.verdict) == ("WARN", "ERROR")


async def test_waiting_does_not_help(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """A wrong password does not get right by waiting."""
    kibana.authorization = "Basic YTpi"
    text = "setup.dashboards.retry.enabled: true"

    assert "authentication failed" in await fault(settings(kibana.url, text))
    assert len(kibana.requests) == 1


async def test_beside_the_checks(
    kibana: FakeKibana,
    settings: Callable[..., Settings],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A running process logs each step, faults as such."""
    caplog.set_level(logging.INFO)
    kibana.failing = {"lens heartbeat-http-phases": {"type": "unknown"}}
    await put_beside(settings(kibana.url), FakeClock())

    told = {record.getMessage(): record.levelno for record in caplog.records}
    assert told["data view heartbeat-*: 1 created"] == logging.INFO
    assert told["lens heartbeat-http-phases: unknown"] == logging.ERROR


async def test_beside_the_checks_nothing_ends(
    settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    """Options that cannot work are told there too, and nothing is raised."""
    await put_beside(settings("ftp://k"), FakeClock())

    assert "dashboards are not in place" in caplog.text
