"""Putting the dashboards into a Kibana that does what it should, or does not."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.elastic.dashboards.shipped import BOARDS, all_objects
from heartbeat.elastic.kibana_load import put_beside, put_dashboards
from tests.support.bulk import answer, break_off, bulk_server
from tests.support.clock import FakeClock
from tests.support.config import loaded
from tests.support.kibana import IMPORT, FakeKibana, refusal
from tests.support.servers import refused_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from heartbeat.config import Settings
    from heartbeat.outputs.base import Finding

STATUS = "GET /api/status"
TITLES = [board.title for board in BOARDS]


@pytest.fixture
async def kibana() -> AsyncIterator[FakeKibana]:
    """Return a Kibana with nothing in it."""
    async with bulk_server(FakeKibana()) as served:
        assert isinstance(served, FakeKibana)
        yield served


@pytest.fixture
def settings(tmp_path: Path) -> Callable[..., Settings]:
    """Return the settings with a Kibana at an address."""

    def made(url: str, text: str = "") -> Settings:
        return loaded(tmp_path, f"setup.kibana.host: '{url}'\n{text}")

    return made


async def put(settings: Settings, clock: Any = None) -> list[Finding]:
    """Return what is found while everything is put into Kibana."""
    return [one async for one in put_dashboards(settings, clock or FakeClock())]


async def fault(settings: Settings, clock: Any = None) -> str:
    """Return the only thing that is found, which is a fault."""
    (finding,) = await put(settings, clock)
    assert finding.verdict == "ERROR"
    return finding.text


async def waiting(settings: Settings) -> list[Finding]:
    """Return what is found, moving time on whenever it is waited for."""
    clock = FakeClock()
    task = asyncio.create_task(put(settings, clock))
    while not task.done():
        await clock.advance(1.0 if clock.timers else 0.0)
    return await task


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
    kibana.refused = {
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


@pytest.mark.parametrize("version", ["7.17.29", "8.8.2"])
async def test_too_old(
    kibana: FakeKibana, settings: Callable[..., Settings], version: str
) -> None:
    """An older Kibana would take some of it, and show it wrongly."""
    kibana.number = version

    assert await fault(settings(kibana.url)) == (
        f"{kibana.url}: Kibana 8.9 or newer is needed, this is {version}"
    )
    assert not kibana.kept


@pytest.mark.parametrize("version", ["8.9.0", "8.19.4", "9.0.0", "9.5.1-SNAPSHOT"])
async def test_new_enough(
    kibana: FakeKibana, settings: Callable[..., Settings], version: str
) -> None:
    """From 8.9 on everything is taken."""
    kibana.number = version
    findings = await put(settings(kibana.url))

    assert {one.verdict for one in findings} == {"OK"}


async def test_wrong_password(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """It says so, and which options it are."""
    kibana.authorization = "Basic YTpi"
    login = "setup.kibana: {username: a, password: wrong}"

    assert await fault(settings(kibana.url, login)) == (
        f"{kibana.url}: authentication failed (401): check username/password or"
        " api_key of setup.kibana: unable to authenticate user"
    )


async def test_right_password(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """Every request carries it."""
    kibana.authorization = "Basic YTpi"
    findings = await put(
        settings(kibana.url, "setup.kibana: {username: a, password: b}")
    )

    assert {one.verdict for one in findings} == {"OK"}


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (refusal(404, "Not Found"), "not found (404): this is not Kibana, or"),
        (refusal(403, "Forbidden"), "permission denied (403): the user or API key"),
        (
            answer({}, status=404, x_elastic_product="Elasticsearch"),
            "this is Elasticsearch, not Kibana",
        ),
        (
            answer(b"<html>", content_type="text/html"),
            "this is not Kibana: it answers with text/html, not a version",
        ),
        (
            answer({"status": {"overall": {"level": "available"}}}),
            "Kibana does not tell its version to strangers",
        ),
        (
            answer(b"", status=302, location="/login"),
            "redirects (302) to /login: write the address behind it into",
        ),
        (break_off, "http://127.0.0.1"),
    ],
)
async def test_not_a_kibana(
    kibana: FakeKibana, settings: Callable[..., Settings], act: Any, expected: str
) -> None:
    """Whatever answers instead is told by its name."""
    kibana.acts[STATUS] = [act]

    assert expected in await fault(settings(kibana.url))


async def test_nobody_answers(settings: Callable[..., Settings]) -> None:
    """A port where nobody listens is told with its address."""
    port = refused_port()

    assert await fault(settings(f"127.0.0.1:{port}")) == (
        f"http://127.0.0.1:{port}: dial: connection refused"
    )


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (
            refusal(403, "Unable to bulk_create dashboard,lens"),
            "Saved Objects Management in this space: Unable to bulk_create",
        ),
        (refusal(413, "too large"), "raise savedObjects.maxImportPayloadBytes"),
        (
            refusal(
                400,
                "Error",
                attributes={
                    "objects": [
                        {"type": "lens", "id": "x", "error": {"message": "is bad"}},
                        {"type": "lens", "id": "y"},
                    ]
                },
            ),
            "answered 400: Error; lens x: is bad",
        ),
        (answer({"acknowledged": True}), "the answer to the import is not one of"),
    ],
)
async def test_import_that_is_refused(
    kibana: FakeKibana, settings: Callable[..., Settings], act: Any, expected: str
) -> None:
    """The answer is told in words, with Kibana's own behind them."""
    kibana.acts[f"POST {IMPORT}"] = [act]
    *_, finding = await put(settings(kibana.url))

    assert finding.verdict == "ERROR"
    assert expected in finding.text


async def test_failure_without_a_reason(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """It is a failure all the same."""
    kibana.acts[f"POST {IMPORT}"] = [answer({"success": False, "successCount": 0})]
    findings = await put(settings(kibana.url))

    assert {one.verdict for one in findings[1:]} == {"ERROR"}
    assert findings[2].text == "Kibana says that it failed, but not why"


async def test_busy_for_a_moment(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """A request is repeated after the statuses that may pass."""
    busy = refusal(503, "busy")
    kibana.acts[STATUS] = [busy, busy, answer({"version": {"number": "9.1.0"}})]
    findings = await waiting(settings(kibana.url))

    assert {one.verdict for one in findings} == {"OK"}


async def test_busy_for_ever(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """After the attempts that are allowed, Kibana's own words are told."""
    kibana.acts[STATUS] = [refusal(503, "not ready yet")]
    sent = settings(kibana.url, "setup.kibana.retry.max_retries: 1")
    (finding,) = await waiting(sent)

    assert len(kibana.requests) == 2
    assert finding.text == f"{kibana.url}: Kibana is not ready (503): not ready yet"


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
    kibana.refused = {"lens heartbeat-http-phases": {"type": "unknown"}}
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
