"""heartbeat is killed at any instant, again and again, and its story stays sound.

HEARTBEAT_TEST_CRASHES   how many times it is killed (3)
HEARTBEAT_TEST_SEED      the seed of a run to be repeated
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from heartbeat.clock import SystemClock
from heartbeat.store import Store
from tests.support.numbered import Numbered
from tests.support.program import Program, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

log = logging.getLogger(__name__)

CRASHES = int(os.environ.get("HEARTBEAT_TEST_CRASHES", "3"))
SEED = int(os.environ.get("HEARTBEAT_TEST_SEED", secrets.randbits(32)))
LONGEST_LIFE = 1.2
"""Seconds from the start in one of four lives, else from the first check on."""

INTERVAL = 0.2
SLACK = 0.01
"""Seconds; documents have milliseconds, and a run begins a little after its tick."""

CONFIG = """\
output.file: {{path: '{home}/out', filename: told, rotate_on_startup: false,
  rotate_every_kb: 1000000}}
heartbeat.monitors:
- {{id: plain, urls: ['{plain}'], <<: &all {{type: http, schedule: '@every 200ms',
    response.include_body: always}}}}
- {{id: tried, urls: ['{tried}'], max_attempts: 3, retry_delay: 20ms, <<: *all}}
- {{id: sure, urls: ['{sure}'], confirm: {{down: 2, up: 2}}, <<: *all}}
"""


@dataclass
class Story:
    """What the output has recorded, and what waits for it in the store."""

    home: Path
    target: Numbered
    told: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    states: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    seen: int = 0
    repeated: int = 0

    def read(self) -> None:
        """Read the files; a document that comes again has to be the same."""
        waiting = asyncio.run(self._waiting())
        bodies: dict[str, bytes] = {}
        self.told = []
        for line in [*self._lines(), *waiting]:
            document = orjson.loads(line)
            document_id = document.pop("@metadata")["_id"]
            body = orjson.dumps(document)
            if document_id not in bodies:
                self.told.append(document)
            assert bodies.setdefault(document_id, body) == body

    def _lines(self) -> Iterator[bytes]:
        for file in sorted((self.home / "out").glob("told-*")):
            whole, _, _ = file.read_bytes().rpartition(b"\n")
            yield from whole.splitlines()

    async def _waiting(self) -> list[bytes]:
        """Return what a copy of the store holds, as lines of the output."""
        copy = self.home / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for file in (self.home / "data").glob("heartbeat.db*"):
            if file.suffix != ".lock":
                shutil.copy(file, copy)
        store = Store.open(copy / "heartbeat.db", outputs=["file"], clock=SystemClock())
        kept = store.states()
        self.states = {key: orjson.loads(state) for key, state in kept.items()}
        records: list[bytes] = []
        while len(records) < store.pending("file"):
            for record in await store.take("file", 10_000):
                document = orjson.loads(record.body)
                document["@metadata"] = {"_id": record.routing.id}
                records.append(orjson.dumps(document))
        await store.close()
        return records

    def by_monitor(self) -> dict[str, list[dict[str, Any]]]:
        """Return the documents of each monitor in their order."""
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for document in self.told:
            found[document["monitor"]["id"]].append(document)
        return found


def check(story: Story) -> None:
    """Fail with whatever does not fit together."""
    check_answers(story)
    for name, documents in story.by_monitor().items():
        check_chain(documents)
        check_gaps(documents)
        check_kept(documents[-1]["state"], story.states[f"default/{name}"])


def check_answers(story: Story) -> None:
    """Every document tells of one answer, which was given just so."""
    numbers = [int(one["http"]["response"]["body"]["content"]) for one in story.told]

    assert set(numbers) <= story.target.given.keys()
    assert len(set(numbers)) == len(numbers)
    for one, number in zip(story.told, numbers, strict=True):
        assert one["monitor"]["status"] == story.target.given[number]
        assert one["monitor"]["id"] == story.target.asked[number]


def check_chain(documents: Sequence[dict[str, Any]]) -> None:
    """Each state goes on from the document before, or ends what that one told."""
    first = documents[0]["state"]
    assert (first["checks"], first["ends"]) == (1, None)
    for before, after in pairwise(documents):
        was, state = before["state"], after["state"]
        status = after["monitor"]["status"]
        begins = state["id"] != was["id"]
        base = {"checks": 0, "up": 0, "down": 0} if begins else was

        assert state["checks"] == base["checks"] + 1
        assert state[status] == base[status] + 1
        assert state["checks"] == state["up"] + state["down"]
        if begins:
            assert state["ends"] == was | {"flap_history": None, "ends": None}
            assert state["status"] == status != was["status"]
            assert after["summary"]["final_attempt"] is True
        else:
            assert state["ends"] is None
            assert state["started_at"] == was["started_at"]
            assert state["status"] == was["status"]


def check_gaps(documents: Sequence[dict[str, Any]]) -> None:
    """How long nobody looked stands in the first document of a life, if it was long."""
    for before, after in pairwise(documents):
        gap = after.get("heartbeat", {}).get("gap", {}).get("us", 0) / 1e6
        waited = moment(after) - moment(before)
        is_first = after["agent"]["ephemeral_id"] != before["agent"]["ephemeral_id"]
        if is_first and waited > 2 * INTERVAL + SLACK:
            assert gap == pytest.approx(waited, abs=SLACK)
        elif not is_first or waited < 2 * INTERVAL - SLACK:
            assert gap == 0.0


def check_kept(told: dict[str, Any], kept: dict[str, Any]) -> None:
    """The state in the store is that of the last document."""
    assert (kept["id"], kept["status"], kept["checks"], kept["up"]) == (
        told["id"],
        told["status"],
        told["checks"],
        told["up"],
    )


def moment(document: dict[str, Any]) -> float:
    """Return the time of a document in seconds."""
    return datetime.fromisoformat(document["@timestamp"]).timestamp()


@pytest.mark.slow
@pytest.mark.timeout(30 + 10 * CRASHES)
def test_story_stays_sound_through_crashes(tmp_path: Path) -> None:
    """After every crash states and documents agree, and nothing is told twice.

    The target is ill in about half of the lives. What is looked at each time: documents
    tell of answers that were given, one each; states count on by one from document to
    document; a new state ends the one before, once; the store has the state of the last
    document; a gap is told where there was one.
    """
    random = Random(SEED)  # noqa: S311 - a test that can be repeated
    with Numbered() as target:
        urls = {name: target.url(name) for name in ("plain", "tried", "sure")}
        program = Program(tmp_path, CONFIG.format(home=tmp_path, **urls))
        story = Story(tmp_path, target)
        for crash in range(CRASHES):
            target.is_ill = random.random() < 0.5
            with program.running():
                seen = len(target.given)
                if random.random() < 0.75:
                    until(partial(target.has_given, seen + 1), "a check")
                program.kill(after=random.uniform(0.0, LONGEST_LIFE))
            story.read()
            try:
                check(story)
            except AssertionError as error:
                error.add_note(f"after crash {crash + 1} of {CRASHES}, seed {SEED}")
                raise
        target.is_ill = False
        with program.running():
            seen = len(target.given)
            until(partial(target.has_given, seen + 10), "life after all crashes")
            code = program.stop()
        story.read()
        check(story)

    assert code == 0
    assert all(len(one) > 1 for one in story.by_monitor().values())
    log.info("told through crashes: %s", figures(story))


def figures(story: Story) -> dict[str, int]:
    """Return how much was told."""
    changes = [one for one in story.told if one["state"]["ends"]]
    return {
        "crashes": CRASHES,
        "answers": len(story.target.given),
        "documents": len(story.told),
        "changes": len(changes),
        "gaps": sum("gap" in one.get("heartbeat", {}) for one in story.told),
    }
