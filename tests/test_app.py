"""One life of heartbeat, inside the test's process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from heartbeat.app import App, Mode
from heartbeat.elastic.dashboards.shipped import BOARDS
from heartbeat.errors import ConfigError, StoreLocked
from tests.support.bulk import bulk_server
from tests.support.kibana import FakeKibana
from tests.support.settings import settings_of
from tests.support.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def target() -> Iterator[Target]:
    """Return a web server that answers."""
    with Target() as server:
        yield server


def app_of(home: Path, url: str, more: str = "", mode: Mode = Mode.ONCE) -> App:
    """Return an app with one HTTP monitor whose documents go to a file."""
    text = (
        f"output.file: {{path: '{home}/out', filename: documents}}\n{more}"
        f"heartbeat.monitors:\n"
        f"- {{type: http, id: web, schedule: '@every 1s', urls: ['{url}']}}\n"
    )
    return App(settings_of(home, text), hostname="probe-1", mode=mode)


def documents(home: Path) -> list[dict[str, Any]]:
    """Return what is in the output's files."""
    files = sorted((home / "out").glob("documents-*.ndjson"))
    lines = [line for file in files for line in file.read_text().splitlines()]
    return [json.loads(line) for line in lines]


class TestOnce:
    """Every monitor once."""

    async def test_delivers_and_ends(self, tmp_path: Path, target: Target) -> None:
        """The document is in the file when it ends."""
        code = await app_of(tmp_path, target.url).run()

        assert (code, len(documents(tmp_path))) == (0, 1)

    async def test_processors(self, tmp_path: Path, target: Target) -> None:
        """Those of the process see what the process knows; a drop is delivered, too."""
        more = "processors: [copy_fields: {fields: [{from: agent.name, to: host}]}]\n"
        await app_of(tmp_path, target.url, more).run()
        assert documents(tmp_path)[0]["host"] == "probe-1"

        more = "processors:\n- drop_event: {when.equals.monitor.status: up}\n"
        assert await app_of(tmp_path, target.url, more).run() == 0
        assert len(documents(tmp_path)) == 1

    async def test_processors_at_fault(self, tmp_path: Path) -> None:
        """They stop the start."""
        with pytest.raises(ConfigError, match="missing tags option in processors"):
            await app_of(tmp_path, "http://x", "processors: [{add_tags: {}}]\n").run()

    async def test_names_the_agent(self, tmp_path: Path, target: Target) -> None:
        """The host's name stands for the instance unless `name` says otherwise."""
        await app_of(tmp_path, target.url, "name: berlin-1\n").run()
        agent = documents(tmp_path)[0]["agent"]

        assert (agent["name"], agent["type"]) == ("berlin-1", "heartbeat")

    @pytest.mark.parametrize(("mode", "code"), [(Mode.ONCE, 0), (Mode.ONCE_STRICT, 1)])
    async def test_down_counts_if_it_is_asked(
        self, tmp_path: Path, mode: Mode, code: int
    ) -> None:
        """`--once` asks whether all is up, `run_once` whether all is delivered."""
        app = app_of(tmp_path, "http://127.0.0.1:1/", mode=mode)

        assert await app.run() == code

    async def test_without_delivery_ends_in_time(
        self, tmp_path: Path, target: Target, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A dead output costs `publish_timeout` and is an error; nothing is lost."""
        (tmp_path / "out").write_text("in the way")
        more = "heartbeat.publish_timeout: 50ms\n"
        code = await app_of(tmp_path, target.url, more).run()
        (tmp_path / "out").unlink()
        later = await app_of(tmp_path, target.url).run()

        assert "1 events were not delivered to file in time" in caplog.text
        assert (code, later, len(documents(tmp_path))) == (1, 0, 2)

    async def test_memory_queue_keeps_nothing(
        self, tmp_path: Path, target: Target
    ) -> None:
        """`queue.mem` is lossy by choice: no database is made."""
        await app_of(tmp_path, target.url, "queue.mem: {}\n").run()

        assert not list((tmp_path / "data").glob("*.db"))


class TestServe:
    """Until a signal."""

    async def test_ends_with_zero(self, tmp_path: Path, target: Target) -> None:
        """A signal is the regular end."""
        app = app_of(tmp_path, target.url, mode=Mode.SERVE)
        running = asyncio.create_task(app.run())
        while not target.answered:
            await asyncio.wait({running}, timeout=0.01)
        os.kill(os.getpid(), signal.SIGTERM)

        assert await running == 0

    async def test_puts_dashboards_beside_the_checks(
        self, tmp_path: Path, target: Target
    ) -> None:
        """Where that is wanted, they are in Kibana soon after the start."""
        async with bulk_server(FakeKibana()) as kibana:
            more = f"setup.kibana.host: {kibana.url}\nsetup.dashboards.enabled: true\n"
            app = app_of(tmp_path, target.url, more, mode=Mode.SERVE)
            running = asyncio.create_task(app.run())
            while len(kibana.requests) < 2 + len(BOARDS) or not target.answered:
                await asyncio.wait({running}, timeout=0.01)
            os.kill(os.getpid(), signal.SIGTERM)

            assert await running == 0

    async def test_needs_no_kibana(self, tmp_path: Path, target: Target) -> None:
        """Checks run while it waits for a Kibana that is not there."""
        more = "setup.kibana.host: '127.0.0.1:1'\n"
        more += "setup.dashboards: {enabled: true, retry.enabled: true}\n"
        app = app_of(tmp_path, target.url, more, mode=Mode.SERVE)
        running = asyncio.create_task(app.run())
        while not target.answered:
            await asyncio.wait({running}, timeout=0.01)
        os.kill(os.getpid(), signal.SIGTERM)

        assert await running == 0

    async def test_second_signal_ends_the_wait_for_outputs(
        self, tmp_path: Path, target: Target
    ) -> None:
        """Who presses Ctrl-C twice does not want to wait."""
        (tmp_path / "out").write_text("in the way")
        more = "heartbeat.shutdown_timeout: 1h\n"
        app = app_of(tmp_path, target.url, more, mode=Mode.SERVE)
        running = asyncio.create_task(app.run())
        while not target.answered:
            await asyncio.wait({running}, timeout=0.01)
        while not running.done():
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.wait({running}, timeout=0.01)

        assert await running == 0

    async def test_tells_about_itself(self, tmp_path: Path, target: Target) -> None:
        """By option, at once, and to the outputs that the checks have."""
        more = "heartbeat.self_monitor.enabled: true\n"
        app = app_of(tmp_path, target.url, more, mode=Mode.SERVE)
        running = asyncio.create_task(app.run())
        while not target.answered:
            await asyncio.wait({running}, timeout=0.01)
        os.kill(os.getpid(), signal.SIGTERM)
        await running
        types = {document["monitor"]["type"] for document in documents(tmp_path)}

        assert types == {"heartbeat", "http"}


class TestServiceManager:
    """What a service manager hears, and what signals make it do."""

    async def test_from_start_to_end(
        self,
        tmp_path: Path,
        target: Target,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Ready when all is up, reloading and ready for SIGHUP, then stopping."""
        caplog.set_level("INFO", "heartbeat.dump")
        heard: list[str] = []
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(tmp_path / "notify"))
            manager.settimeout(0.0)
            monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
            app = app_of(tmp_path, target.url, mode=Mode.SERVE)
            running = asyncio.create_task(app.run())

            async def until(word: str) -> None:
                while not heard or not heard[-1].startswith(word):
                    with suppress(BlockingIOError):
                        heard.append(manager.recv(4096).decode())
                    await asyncio.wait({running}, timeout=0.01)

            await until("STATUS=1 endpoints: ")
            os.kill(os.getpid(), signal.SIGHUP)
            await until("RELOADING=1")
            await until("READY=1")
            os.kill(os.getpid(), signal.SIGUSR1)
            os.kill(os.getpid(), signal.SIGTERM)
            await until("STOPPING=1")
            code = await running

        words = [message.partition("=")[0] for message in heard]
        assert (code, words) == (
            0,
            ["READY", "STATUS", "RELOADING", "READY", "STOPPING"],
        )
        assert any("checks are under way" in line for line in caplog.messages)


class TestMistakes:
    """What keeps it from starting."""

    async def test_data_in_use(self, tmp_path: Path, target: Target) -> None:
        """Two lives on one data directory would double every document."""
        first = app_of(tmp_path, target.url, mode=Mode.SERVE)
        running = asyncio.create_task(first.run())
        while not target.answered:
            await asyncio.wait({running}, timeout=0.01)
        with pytest.raises(StoreLocked):
            await app_of(tmp_path, target.url).run()
        os.kill(os.getpid(), signal.SIGTERM)

        assert await running == 0

    async def test_endpoint_taken(self, tmp_path: Path, target: Target) -> None:
        """A port that is taken stops the start."""
        more = f"http: {{enabled: true, host: 127.0.0.1, port: {target.port}}}\n"

        with pytest.raises(ConfigError, match="cannot listen on"):
            await app_of(tmp_path, target.url, more).run()
