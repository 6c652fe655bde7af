"""From settings to outputs and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat import assembly, monitors, outputs
from heartbeat.config.models import OVERFLOWS
from heartbeat.errors import ConfigError
from heartbeat.monitors.base import BrokenCheck
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.sources import Sources
from heartbeat.store import Overflow, StoreLimits
from tests.support.clock import FakeClock
from tests.support.settings import settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from heartbeat.config import MonitorSpec
    from heartbeat.monitors.base import Check


@pytest.fixture
def network() -> Network:
    """Return a network nobody uses."""
    return Network(FakeClock())


def one_monitor(home: Path, options: str) -> assembly.Monitor:
    """Return the monitor of a configuration that has just one."""
    text = f"output.console: {{}}\nheartbeat.monitors:\n- {{{options}}}\n"
    (spec,) = settings_of(home, text).monitors
    return assembly.monitor_of(spec, ProcessorContext(Network(FakeClock()), Sources()))


async def message_of(monitor: assembly.Monitor) -> str:
    """Return what a broken monitor reports."""
    (check,) = monitor.checks
    assert isinstance(check, BrokenCheck)
    return check.cause


class TestMonitors:
    """Monitors become checks."""

    def test_have_a_check_for_each_endpoint(self, tmp_path: Path) -> None:
        """Two hosts at two ports are four checks."""
        options = "type: tcp, schedule: '@every 1s', hosts: [a, b], ports: [1, 2]"

        assert len(one_monitor(tmp_path, options).checks) == 4

    async def test_that_cannot_work_say_why(self, tmp_path: Path) -> None:
        """The reason names the option, in the reference's form."""
        options = "type: tcp, schedule: '@every 1s', hosts: ['a:1'], mode: most"
        broken = one_monitor(tmp_path, options)

        assert await message_of(broken) == (
            "expecting 'any' or 'all', not 'most' accessing 'heartbeat.monitors.0.mode'"
        )

    async def test_whose_fault_has_no_place_are_placed(self, tmp_path: Path) -> None:
        """A fault without a line of its own gets that of its monitor."""
        options = "type: tcp, schedule: '@every 1s', hosts: [a]"
        (problem,) = one_monitor(tmp_path, options).problems

        assert (problem.file, problem.line) == (str(tmp_path / "heartbeat.yml"), 3)

    async def test_of_a_faulty_type_harm_no_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whatever the `build` of a type raises breaks that monitor only."""

        def build(spec: MonitorSpec, network: Network) -> Sequence[Check]:
            raise RuntimeError(f"no {spec.type} with {network}"[:6])

        monkeypatch.setattr("heartbeat.monitors.tcp.build", build)
        broken = one_monitor(tmp_path, "type: tcp, schedule: '@every 1s', hosts: [a]")

        assert await message_of(broken) == "RuntimeError: no tcp"


class TestProcessors:
    """Lists of processors, of a monitor and of the process."""

    def test_of_a_monitor(self, tmp_path: Path) -> None:
        """They come with the monitor."""
        options = (
            "type: tcp, schedule: '@every 1s', hosts: ['a:1'],"
            " processors: [{add_tags: {tags: x}}, {drop_event: }]"
        )
        monitor = one_monitor(tmp_path, options)

        assert [step.name for step in monitor.processors] == ["add_tags", "drop_event"]
        assert not monitor.problems

    async def test_at_fault_break_the_monitor(self, tmp_path: Path) -> None:
        """It tells the faults of its own options and of all its processors."""
        options = (
            "type: tcp, schedule: '@every 1s', hosts: ['a:1'], mode: most,"
            " processors: [{add_tags: {}}, {now: {field: a, x: 1}}]"
        )
        broken = one_monitor(tmp_path, options)

        assert await message_of(broken) == (
            "expecting 'any' or 'all', not 'most' accessing"
            " 'heartbeat.monitors.0.mode';"
            " missing tags option in heartbeat.monitors.0.processors.0.add_tags;"
            " unexpected x option in heartbeat.monitors.0.processors.1.now"
        )
        assert [problem.line for problem in broken.problems] == [3, 3, 3]

    async def test_of_a_broken_monitor_work(self, tmp_path: Path) -> None:
        """Documents that say what is wrong go through them, too."""
        options = (
            "type: tcp, schedule: '@every 1s', hosts: [a],"
            " processors: [{add_tags: {tags: x}}]"
        )
        broken = one_monitor(tmp_path, options)

        assert broken.problems
        assert len(broken.processors) == 1

    def test_of_the_process(self, tmp_path: Path, network: Network) -> None:
        """They are built with what is known of the process."""
        text = "output.console: {}\nprocessors:\n- add_tags: {tags: x}\n"
        settings = settings_of(tmp_path, text)
        context = assembly.context_of(settings, network)

        assert len(assembly.processors_of(settings, context)) == 1
        assert str(context.config) == settings.paths.config


class TestTables:
    """Names of what is installed."""

    @pytest.mark.parametrize("name", [*monitors.TABLE, *monitors.ALIASES])
    def test_every_type_and_alias_is_known(self, name: str) -> None:
        """A name in a table is a name an operator may write."""
        assert monitors.names()[name] in monitors.TABLE

    @pytest.mark.parametrize("name", outputs.TABLE)
    def test_every_output_is_known(self, name: str) -> None:
        """The same for outputs."""
        assert name in outputs.names()


class TestOutputs:
    """Sections become outputs."""

    def test_are_built_in_the_order_written(
        self, tmp_path: Path, network: Network
    ) -> None:
        """Several may be on at once."""
        text = f"output: {{console: {{}}, file: {{path: '{tmp_path}'}}}}\n"
        built = assembly.outputs_of(settings_of(tmp_path, text), OutputContext(network))

        assert [output.name for output in built] == ["console", "file"]

    def test_tell_the_faults_of_all(self, tmp_path: Path, network: Network) -> None:
        """Not just the first one."""
        text = "output: {console: {pretty: maybe}, file: {}}\n"
        settings = settings_of(tmp_path, text)

        with pytest.raises(ConfigError) as failure:
            assembly.outputs_of(settings, OutputContext(network))
        assert {problem.path for problem in failure.value.problems} == {
            "output.console.pretty",
            "output.file.path",
        }


class TestFaults:
    """What `test config` adds to what loading finds."""

    def test_are_those_of_all_parts(self, tmp_path: Path, network: Network) -> None:
        """All parts are asked, and every monitor."""
        text = (
            "processors: [{drop_event: {x: 1}}]\noutput.console.pretty: maybe\n"
            "heartbeat.monitors:\n"
            "- {type: tcp, id: a, schedule: '@every 1s', hosts: [b]}\n"
            "- {type: tcp, id: b, schedule: '@every 1s', hosts: ['b:1']}\n"
            "- {type: http, id: c, schedule: '@every 1s', urls: ['http://:x']}\n"
        )
        found = assembly.faults(settings_of(tmp_path, text), network)

        assert [problem.line for problem in found] == [1, 2, 4, 6]


class TestQueue:
    """Where events wait, and how many."""

    def test_is_on_the_disk(self, tmp_path: Path) -> None:
        """Nothing has to be said for that."""
        settings = settings_of(tmp_path, "output.console: {}\n")

        place = tmp_path / "data" / "heartbeat.db"
        assert assembly.queue_of(settings) == (place, StoreLimits())

    def test_follows_the_options(self, tmp_path: Path) -> None:
        """Folder, size and what gives way are the operator's choice."""
        options = "{path: /var/q, max_size: 20MB, overflow: block}"
        text = f"output.console: {{}}\nqueue.disk: {options}\n"
        place, limits = assembly.queue_of(settings_of(tmp_path, text))

        assert str(place) == "/var/q/heartbeat.db"
        assert limits == StoreLimits(max_bytes=20_000_000, overflow=Overflow.BLOCK)

    def test_in_memory_counts_events(self, tmp_path: Path) -> None:
        """As in the reference."""
        text = "output.console: {}\nqueue.mem.events: 64\n"
        settings = settings_of(tmp_path, text)

        assert assembly.queue_of(settings) == (None, StoreLimits(max_events=64))

    def test_an_unknown_policy_is_refused(self, tmp_path: Path) -> None:
        """The words there are get named."""
        text = "output.console: {}\nqueue.disk.overflow: drop\n"
        words = "unknown policy 'drop', use one of drop_oldest, drop_newest, block"

        with pytest.raises(ConfigError, match=words):
            settings_of(tmp_path, text)

    @pytest.mark.parametrize("policy", OVERFLOWS)
    def test_every_policy_is_known_to_the_store(
        self, tmp_path: Path, policy: str
    ) -> None:
        """The option and the store use the same words."""
        text = f"output.console: {{}}\nqueue.disk.overflow: {policy}\n"
        _, limits = assembly.queue_of(settings_of(tmp_path, text))

        assert limits.overflow == policy
