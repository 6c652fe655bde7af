"""What Kibana answers, in words for someone who has to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.bulk import answer, break_off
from tests.support.kibana import IMPORT, STATUS, fault, put, refusal, waiting
from tests.support.servers import refused_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from heartbeat.config import Settings
    from tests.support.kibana import FakeKibana


async def test_space_that_may_not_be_looked_at(
    kibana: FakeKibana, settings: Callable[..., Settings]
) -> None:
    """Nothing is known of it, so nothing is put."""
    kibana.acts["GET /api/spaces/space/ops"] = [refusal(403, "Forbidden")]
    *_, finding = await put(settings(kibana.url, "setup.kibana.space.id: ops"))

    assert finding.text.startswith(f"{kibana.url}/s/ops: permission denied (403)")
    assert (finding.verdict, kibana.kept) == ("ERROR", {})


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ({"type": "unsupported_type"}, "does not know objects of this type"),
        ({"type": "ambiguous_conflict"}, "several objects that it could replace"),
        ({"type": "unknown", "message": "is odd"}, "is odd"),
        ({"type": "unknown"}, "unknown"),
        ({}, "Kibana does not say why"),
    ],
)
async def test_reasons(
    kibana: FakeKibana,
    settings: Callable[..., Settings],
    error: dict[str, str],
    expected: str,
) -> None:
    """Why an object was not taken is told in words."""
    kibana.failing = {"lens heartbeat-http-phases": error}
    findings = await put(settings(kibana.url))
    (detail,) = (one for one in findings if one.depth == 1)

    assert expected in detail.text


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
