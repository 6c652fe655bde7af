"""When the configuration is read again, and what comes of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from heartbeat.reload import watch
from tests.support.plant import MAIN, Plant, monitor

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def one(plant: Plant) -> Plant:
    """Return a running configuration with one monitor in one file."""
    plant.write("monitors.d/a.yml", monitor("web"))
    plant.start()
    return plant


class TestFiles:
    """Files of monitors."""

    async def test_new_file_is_taken_in(self, one: Plant) -> None:
        """Its monitors run beside the others."""
        one.write("monitors.d/b.yml", monitor("mail"))
        await one.look()

        assert one.running == ["mail", "web"]

    async def test_removed_file_is_taken_out(self, one: Plant) -> None:
        """Its monitors do not run any more."""
        (one.home / "monitors.d/a.yml").unlink()
        await one.look()

        assert one.running == []

    async def test_changed_monitor_is_replaced(self, one: Plant) -> None:
        """It runs with its new options."""
        before = one.roster.digests
        one.write("monitors.d/a.yml", monitor("web", ", up: false"))
        await one.look()

        assert one.running == ["web"]
        assert one.roster.digests != before

    async def test_unchanged_monitor_is_left_alone(self, one: Plant) -> None:
        """Moving its lines about is no change of a monitor."""
        before = one.roster.runners
        one.write("monitors.d/a.yml", f"# why\n\n{monitor('mail')}{monitor('web')}")
        await one.look()

        assert before[0] in one.roster.runners

    async def test_monitor_may_move_to_another_file(self, one: Plant) -> None:
        """Where it is written is not part of it."""
        before = one.roster.runners
        (one.home / "monitors.d/a.yml").rename(one.home / "monitors.d/b.yml")
        await one.look()

        assert one.roster.runners == before

    async def test_nothing_is_read_if_nothing_changed(self, one: Plant) -> None:
        """A second look is only a look."""
        await one.look()
        one.write("monitors.d/b.yml", monitor("mail"))
        await one.look()
        await one.look()

        assert (one.reloader.counters.scans, one.reloader.counters.reloads) == (3, 1)

    async def test_half_written_file_is_waited_for(
        self, one: Plant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Files that change from look to look are not read."""
        texts = iter([monitor("a"), monitor("a") + monitor("b")])
        look = watch.fingerprint

        def while_writing(pattern: str) -> bytes:
            seen = look(pattern)
            for text in texts:
                one.write("monitors.d/a.yml", text)
                break
            return seen

        await one.look()
        one.write("monitors.d/a.yml", "")
        monkeypatch.setattr("heartbeat.reload.reloader.fingerprint", while_writing)
        await one.look()

        assert one.running == ["a", "b"]
        assert one.reloader.counters.reloads == 1

    async def test_files_that_never_hold_still_are_read_in_the_end(
        self, one: Plant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A pattern that matches a log must not stop everything else."""
        prints: Iterator[bytes] = (bytes([n]) for n in range(1, 256))

        def never_the_same(_: str) -> bytes:
            return next(prints)

        monkeypatch.setattr("heartbeat.reload.reloader.fingerprint", never_the_same)
        one.write("monitors.d/b.yml", monitor("mail"))
        await one.look()

        assert one.running == ["mail", "web"]

    async def test_without_reload_nothing_is_looked_at(self, plant: Plant) -> None:
        """`reload.enabled` is false unless written."""
        plant.write("heartbeat.yml", MAIN.replace("true", "false"))
        plant.start()
        plant.write("monitors.d/b.yml", monitor("mail"))
        await plant.look()

        assert (plant.running, plant.reloader.counters.scans) == ([], 0)

    async def test_change_is_told(
        self, one: Plant, caplog: pytest.LogCaptureFixture
    ) -> None:
        """One line says what became of it."""
        one.write("monitors.d/a.yml", monitor("mail"))
        with caplog.at_level(logging.INFO):
            await one.look()

        assert caplog.messages == [
            "the monitors were read again: 1 new, 0 changed, 1 removed"
        ]


BROKEN = {
    "no YAML": "- {type: fake",
    "no list": "type: fake\n",
    "bad option": monitor("web", ", timeout: never") + monitor("mail"),
    "bad option of the type": monitor("web", ", fault: no") + monitor("mail"),
    "impossible index": monitor("web", ", index: '%{[host]}'") + monitor("mail"),
}


class TestBrokenFiles:
    """Files that cannot be used."""

    @pytest.fixture(params=list(BROKEN.values()), ids=list(BROKEN))
    def broken(self, request: pytest.FixtureRequest) -> str:
        """Return a text that has a fault."""
        text: str = request.param
        return text

    async def test_last_good_monitors_go_on(self, one: Plant, broken: str) -> None:
        """All of the file, and nothing of what is new in it."""
        before = one.roster.runners
        one.write("monitors.d/a.yml", broken)
        await one.look()

        assert one.roster.runners == before

    async def test_other_files_are_followed(self, one: Plant, broken: str) -> None:
        """A fault concerns its own file."""
        one.write("monitors.d/a.yml", broken)
        one.write("monitors.d/b.yml", monitor("other"))
        await one.look()

        assert one.running == ["other", "web"]

    async def test_is_told_once_and_counted(
        self, one: Plant, broken: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not at every look, but again when something else is wrong."""
        path = one.write("monitors.d/a.yml", broken)
        await one.look()
        one.write("monitors.d/b.yml", monitor("other"))
        await one.look()

        errors = [r for r in caplog.records if r.levelno == logging.ERROR]
        assert len(errors) == 1
        assert str(path) in errors[0].getMessage()
        assert one.reloader.counters.errors == 1
        assert one.reloader.counters.invalid == (str(path),)

    async def test_mended_file_counts_again(self, one: Plant, broken: str) -> None:
        """The last good monitors are for as long as it is broken."""
        one.write("monitors.d/a.yml", broken)
        await one.look()
        one.write("monitors.d/a.yml", monitor("new"))
        await one.look()

        assert (one.running, one.reloader.counters.invalid) == (["new"], ())

    async def test_removed_while_broken(self, one: Plant, broken: str) -> None:
        """A file that is gone takes its monitors along."""
        path = one.write("monitors.d/a.yml", broken)
        await one.look()
        path.unlink()
        await one.look()

        assert one.running == []

    async def test_new_file_gives_what_it_can(self, one: Plant) -> None:
        """As at the start: what can work does, what cannot says so."""
        text = monitor("mail") + monitor("dns", ", fault: no")
        path = one.write("monitors.d/b.yml", text)
        await one.look()

        assert one.running == ["dns", "mail", "web"]
        assert one.reloader.counters.invalid == (str(path),)

    async def test_broken_at_the_start_is_known(self, plant: Plant) -> None:
        """It is on the list of broken files from the beginning."""
        path = plant.write("monitors.d/a.yml", "- {")
        plant.start()

        assert plant.reloader.counters.invalid == (str(path),)


class TestMainFiles:
    """Reading everything again, as SIGHUP asks."""

    async def test_monitors_of_the_main_file(self, one: Plant) -> None:
        """They follow what is written."""
        one.write("heartbeat.yml", f"{MAIN}heartbeat.monitors:\n{monitor('main')}")
        await one.reload()

        assert one.running == ["main", "web"]

    async def test_files_of_monitors_as_well(self, one: Plant) -> None:
        """Even if they are not followed."""
        one.write("monitors.d/b.yml", monitor("mail"))
        await one.reload()

        assert one.running == ["mail", "web"]

    async def test_other_place_of_the_files(self, one: Plant) -> None:
        """Another pattern is another set of files, followed from then on."""
        one.write("heartbeat.yml", MAIN.replace("monitors.d", "other.d"))
        one.write("other.d/a.yml", monitor("mail"))
        await one.reload()
        one.write("other.d/b.yml", monitor("dns"))
        await one.look()

        assert one.running == ["dns", "mail"]

    @pytest.mark.parametrize(
        "text",
        [
            "heartbeat.monitors: [",
            f"heartbeat.monitors:\n{monitor('new')}{monitor('bad', ', timeout: x')}",
            f"heartbeat.monitors:\n{monitor('new')}{monitor('bad', ', fault: no')}",
        ],
        ids=["no YAML", "bad option", "bad option of the type"],
    )
    async def test_any_fault_leaves_everything_as_it_is(
        self, one: Plant, text: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """All errors are told, each time someone asks."""
        one.write("heartbeat.yml", text)
        await one.reload()
        await one.reload()

        assert one.running == ["web"]
        assert caplog.messages[-1] == (
            "the configuration is invalid and stays as it was: 1 errors"
        )
        assert len(caplog.messages) == 4

    async def test_other_options_need_a_restart(
        self, one: Plant, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nobody is left to wonder why they have no effect."""
        one.write("heartbeat.yml", f"{MAIN}tags: [new]\n")
        await one.reload()
        await one.reload()

        assert caplog.messages == [
            "options outside of monitors have changed: restart to use them"
        ]


class TestRunning:
    """Following by itself."""

    async def test_change_is_seen_at_once(self, one: Plant) -> None:
        """The kernel tells; no period passes."""
        reloading = asyncio.create_task(one.reloader.run())
        await one.clock.advance(0)
        one.write("monitors.d/b.yml", monitor("mail"))
        began = one.clock.monotonic()
        await one.until(lambda: "mail" in one.running)
        reloading.cancel()

        assert one.clock.monotonic() - began < 10

    async def test_change_is_seen_without_being_told(
        self, one: Plant, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """After a period at the latest, where nothing tells."""

        def nowhere(_: str) -> list[str]:
            return []

        monkeypatch.setattr("heartbeat.reload.reloader.folders", nowhere)
        reloading = asyncio.create_task(one.reloader.run())
        await one.clock.advance(0)
        one.write("monitors.d/b.yml", monitor("mail"))
        await one.until(lambda: "mail" in one.running)
        reloading.cancel()

        assert one.reloader.counters.scans >= 1

    async def test_main_files_are_read_when_asked(self, one: Plant) -> None:
        """`ask` is what a signal calls."""
        reloading = asyncio.create_task(one.reloader.run())
        one.write("heartbeat.yml", f"{MAIN}heartbeat.monitors:\n{monitor('main')}")
        one.reloader.ask()
        await one.until(lambda: "main" in one.running)
        reloading.cancel()

        assert one.running == ["main", "web"]

    async def test_without_files_it_waits_to_be_asked(self, plant: Plant) -> None:
        """No timer runs for nothing."""
        plant.write("heartbeat.yml", "{}")
        plant.start()
        reloading = asyncio.create_task(plant.reloader.run())
        await plant.clock.advance(0)

        assert plant.clock.timers == 0
        plant.write("heartbeat.yml", f"heartbeat.monitors:\n{monitor('main')}")
        plant.reloader.ask()
        await plant.until(lambda: "main" in plant.running)
        reloading.cancel()

    async def test_a_fault_of_its_own_ends_nothing(
        self,
        one: Plant,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Checks go on, and so does reloading."""
        monkeypatch.setattr(one.reloader, "reload", None)
        reloading = asyncio.create_task(one.reloader.run())
        one.reloader.ask()
        await one.until(lambda: caplog.messages)
        one.write("monitors.d/b.yml", monitor("mail"))
        await one.until(lambda: "mail" in one.running)
        reloading.cancel()

        assert caplog.messages[0].startswith("reloading failed")
