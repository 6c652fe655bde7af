"""What the operator adds to documents, and where they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from heartbeat.config import DataStream, Location
from heartbeat.event import Result
from heartbeat.runner import Identity
from heartbeat.schedule import Tick, parse
from tests.support.clock import START_NS, FakeClock
from tests.support.stage import DOWN, IDENTITY, UP, Stage

if TYPE_CHECKING:
    from heartbeat.event import Fields


class TestConfiguredFields:
    """What the operator adds to every document."""

    async def test_service_and_location(self, stage: Stage) -> None:
        """The place is an observer; blank members are left out."""
        location = Location("Asia/Pacific", {"name": "Tokyo", "city_name": ""})
        runner = stage.runner([UP], service_name="shop", location=location)
        (document,) = await stage.run(runner)

        assert document["service"] == {"name": "shop"}
        assert document["observer"] == {
            "name": "Asia/Pacific",
            "geo": {"name": "Tokyo"},
        }
        assert document["state"]["id"].startswith("Asia_Pacific-")

    @pytest.mark.parametrize(
        ("schedule", "expected"),
        [("@every 1h", 3600), ("@every 500ms", 1), ("0 * * * *", None)],
    )
    async def test_interval(
        self, stage: Stage, schedule: str, expected: int | None
    ) -> None:
        """Whole seconds, so that Kibana knows how old a result may be."""
        runner = stage.runner([UP], schedule=parse(schedule))
        (document,) = await stage.run(runner)

        assert document["monitor"].get("interval") == expected

    async def test_location_without_a_place(self, stage: Stage) -> None:
        """The reference writes an empty object then."""
        runner = stage.runner([UP], location=Location("here", {}))
        (document,) = await stage.run(runner)

        assert document["observer"] == {"name": "here", "geo": {}}

    async def test_tags(self, clock: FakeClock) -> None:
        """Global tags come before those of the monitor, doubles included."""
        stage = Stage(clock, identity=Identity(IDENTITY.agent, tags=("a", "b")))
        (document,) = await stage.run(stage.runner([UP], tags=("b", "c")))

        assert document["tags"] == ["a", "b", "b", "c"]

    async def test_fields(self, clock: FakeClock) -> None:
        """Both levels are merged, the monitor wins."""
        identity = Identity(IDENTITY.agent, fields={"a": {"x": 1, "y": 1}, "b": 1})
        stage = Stage(clock, identity=identity)
        runner = stage.runner([UP], fields={"a": {"x": 2}, "b": {"z": 2}})
        (document,) = await stage.run(runner)

        assert document["fields"] == {"a": {"x": 2, "y": 1}, "b": {"z": 2}}

    @pytest.mark.parametrize(
        ("keep_null", "expected"),
        [(False, {"b": {"l": [None]}}), (True, {"b": {"n": None, "l": [None]}})],
    )
    async def test_nulls(
        self, stage: Stage, *, keep_null: bool, expected: Fields
    ) -> None:
        """Nulls are dropped unless they are to stay; at the top they never do."""
        fields = {"a": None, "b": {"n": None, "l": [None]}}
        runner = stage.runner([UP], fields=fields, keep_null=keep_null)
        (document,) = await stage.run(runner)

        assert document["fields"] == expected

    async def test_no_fields_without_content(self, stage: Stage) -> None:
        """An empty object is not written."""
        (document,) = await stage.run(stage.runner([UP], fields={"a": None}))

        assert "fields" not in document

    async def test_fields_under_root_replace_what_was_found(self, stage: Stage) -> None:
        """The operator's word counts, except about what routes the document."""
        fields = {
            "monitor": {"name": "Other"},
            "event": {"dataset": "other", "category": "up"},
            "team": "web",
        }
        runner = stage.runner([UP], [UP], fields=fields, fields_under_root=True)
        await stage.run(runner)
        (document,) = await stage.run(runner)

        assert document["monitor"]["name"] == "Other"
        assert document["monitor"]["id"] == "my-monitor"
        assert document["team"] == "web"
        assert document["event"] == {
            "dataset": "tcp",
            "category": "up",
            "type": "heartbeat/summary",
        }

    async def test_each_level_decides_about_its_own_root(
        self, clock: FakeClock
    ) -> None:
        """Global fields may be at the root while those of the monitor are not."""
        identity = Identity(
            IDENTITY.agent, fields={"team": "web"}, fields_under_root=True
        )
        stage = Stage(clock, identity=identity)
        (document,) = await stage.run(stage.runner([UP], fields={"team": "shop"}))

        assert (document["team"], document["fields"]) == ("web", {"team": "shop"})


class TestRouting:
    """Where documents go."""

    async def test_nothing_configured(self, stage: Stage) -> None:
        """The output decides."""
        await stage.run(stage.runner([UP]))
        routing = stage.journal.records[0].routing

        assert (routing.index, routing.pipeline) == (None, None)

    async def test_pipeline(self, stage: Stage) -> None:
        """An ingest pipeline is passed on."""
        await stage.run(stage.runner([UP], pipeline="geoip"))

        assert stage.journal.records[0].routing.pipeline == "geoip"

    async def test_data_stream(self, stage: Stage) -> None:
        """The stream names the index, the dataset and three fields."""
        stream = DataStream("synthetics", "uptime", "%{prod}")
        (document,) = await stage.run(stage.runner([UP], data_stream=stream))

        index = stage.journal.records[0].routing.index
        assert index == "synthetics-uptime-%{prod}"
        assert document["event"]["dataset"] == "uptime"
        assert document["data_stream"] == {
            "type": "synthetics",
            "dataset": "uptime",
            "namespace": "%{prod}",
        }

    async def test_index_wins_over_the_data_stream(self, stage: Stage) -> None:
        """An index of its own is the last word."""
        stream = DataStream("synthetics", "uptime", "default")
        runner = stage.runner(
            [UP], data_stream=stream, index="web-%{[agent.version]}-%{+yyyy.MM.dd}"
        )
        await stage.run(runner)

        assert stage.journal.records[0].routing.index == "web-9.6.0-2026.09.21"

    async def test_id_is_that_of_the_tick(self, stage: Stage) -> None:
        """Running the same tick again after a crash gives the same id."""
        for _ in range(2):
            await stage.run(stage.runner([UP]))

        ids = {record.routing.id for record in stage.journal.records}
        assert len(ids) == 1

    async def test_ids_differ(self, stage: Stage) -> None:
        """Tick, era, attempt, address, endpoint and place all count."""
        await stage.run(stage.runner([UP, UP, Result("::1"), Result()]))
        await stage.run(stage.runner([UP]), Tick(START_NS + 1))
        await stage.run(stage.runner([UP]), Tick(START_NS, era=1))
        await stage.run(stage.runner([UP], location=Location("x", {})))
        await stage.run(stage.runners([stage.check([UP], url={"full": "tcp://b"})])[0])
        await stage.run(stage.runner([DOWN], [UP], max_attempts=2), Tick(START_NS + 2))

        ids = [record.routing.id for record in stage.journal.records]
        assert len(set(ids)) == len(ids) == 10
