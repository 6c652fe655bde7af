"""The clock and the deadline of a check."""

import asyncio

import pytest

from heartbeat.clock import SLACK, Deadline, Sweep, SystemClock
from tests.support.clock import FakeClock


class TestSystemClock:
    """The clock of the machine."""

    def test_monotonic_does_not_go_back(self) -> None:
        """Two readings in order are in order."""
        clock = SystemClock()
        first = clock.monotonic()

        assert first <= clock.monotonic()

    def test_now_is_nanoseconds(self) -> None:
        """The wall clock counts nanoseconds: this is after 2020 and before 2100."""
        assert 1_577_836_800 < SystemClock().now() // 1_000_000_000 < 4_102_444_800

    async def test_call_at_runs_a_moment_that_has_passed(self) -> None:
        """A timer that is due already runs at the next turn of the loop."""
        clock = SystemClock()
        done = asyncio.Event()
        clock.call_at(clock.monotonic() - 1, done.set)

        assert await done.wait()

    async def test_sleep_until_a_passed_moment_returns(self) -> None:
        """Sleeping until yesterday takes no time worth speaking of."""
        clock = SystemClock()
        before = clock.monotonic()
        await clock.sleep_until(before - 86_400)

        assert clock.monotonic() - before < 60


class TestSweep:
    """Calls that may come a little late."""

    async def test_comes_at_its_moment_or_a_little_later(self) -> None:
        """A call is made within the slack, never early."""
        clock = FakeClock()
        sweep = Sweep(clock)
        made: list[float] = []
        sweep.add(clock.monotonic() + 0.52, lambda: made.append(clock.monotonic()))
        await clock.advance(0.519)
        before = list(made)
        await clock.advance(0.001 + SLACK)

        assert before == []
        assert 1000.52 <= made[0] <= 1000.52 + SLACK

    async def test_calls_are_made_in_the_order_of_their_buckets(self) -> None:
        """One that is due sooner comes first, whenever it was added."""
        clock = FakeClock()
        sweep = Sweep(clock)
        made: list[str] = []
        sweep.add(clock.monotonic() + 2, lambda: made.append("late"))
        sweep.add(clock.monotonic() + 1, lambda: made.append("soon"))
        await clock.advance(1.5)
        halfway = list(made)
        await clock.advance(1)

        assert (halfway, made) == (["soon"], ["soon", "late"])

    async def test_a_call_can_be_called_off(self) -> None:
        """It is not made; calling it off again does no harm."""
        clock = FakeClock()
        sweep = Sweep(clock)
        made: list[str] = []
        call = sweep.add(clock.monotonic() + 1, lambda: made.append("off"))
        call.cancel()
        call.cancel()
        await clock.advance(2)

        assert (made, clock.timers) == ([], 0)

    async def test_one_timer_serves_all(self) -> None:
        """However many calls there are, the loop has one timer."""
        clock = FakeClock()
        sweep = Sweep(clock)
        for number in range(100):
            sweep.add(clock.monotonic() + 10 + number / 100, lambda: None)

        assert clock.timers == 1

    async def test_a_call_may_add_another(self) -> None:
        """What is added meanwhile is served in turn."""
        clock = FakeClock()
        sweep = Sweep(clock)
        made: list[str] = []

        def again() -> None:
            made.append("first")
            sweep.add(clock.monotonic() + 1, lambda: made.append("second"))

        sweep.add(clock.monotonic() + 1, again)
        await clock.advance(3)

        assert made == ["first", "second"]

    async def test_serves_the_clock_of_the_machine(self) -> None:
        """A deadline far away can be called off like any other timer."""
        clock = SystemClock()
        made: list[str] = []
        clock.call_about(clock.monotonic() + 86_400, lambda: made.append("x")).cancel()

        assert made == []

    async def test_what_is_soon_is_not_left_to_the_sweep(self) -> None:
        """The loop's own timer calls it; requests of a ping follow each other so."""
        clock = SystemClock()
        soon = clock.monotonic() + 0.5
        exact = clock.call_at(soon, lambda: None)
        about = clock.call_about(soon, lambda: None)

        assert type(about) is type(exact)
        for timer in (exact, about):
            timer.cancel()

    async def test_what_is_soon_is_called_exactly(self) -> None:
        """What is due already comes as soon as the loop gets to it."""
        clock = SystemClock()
        done = asyncio.Event()
        clock.call_about(clock.monotonic() - 1, done.set)

        assert await done.wait()


class TestLost:
    """What was there and had to wait for us."""

    @pytest.mark.parametrize(
        ("late", "lost"),
        [(0.5, 0.5), (2.0, 2.0), (3.0, 2.0), (-0.1, 0.0), (3600.0, 0.0)],
        ids=["a while", "all", "before we asked", "from the future", "a clock was set"],
    )
    async def test_does_not_count(self, late: float, lost: float) -> None:
        """It is left out of what is measured, as far as it was waited for."""
        clock = FakeClock()
        deadline = Deadline(clock, 10.0)
        asked = deadline.now()
        clock.jump(2.0)
        deadline.arrived(clock.now() - round(late * 1e9), asked)

        assert deadline.lost == pytest.approx(lost)
        assert deadline.now() - asked == pytest.approx(2.0 - lost)


class TestDeadline:
    """The moment by which a check must be over."""

    async def test_returns_what_is_waited_for(self) -> None:
        """A result that is there in time is returned."""
        deadline = Deadline(FakeClock(), 1.0)
        deadline.start()
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.set_result("there")

        assert await deadline.wait(future) == "there"

    async def test_ends_the_wait(self) -> None:
        """When the moment comes the wait ends with TimeoutError."""
        clock = FakeClock()
        deadline = Deadline(clock, 1.0)
        deadline.start()
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        waiting = asyncio.ensure_future(deadline.wait(future))
        await clock.advance(1.0)

        with pytest.raises(TimeoutError):
            await waiting

    async def test_ends_every_later_wait(self) -> None:
        """After the moment no wait begins."""
        clock = FakeClock()
        deadline = Deadline(clock, 1.0)
        deadline.start()
        await clock.advance(2.0)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        with pytest.raises(TimeoutError):
            await deadline.wait(future)

    async def test_returns_a_finished_result_even_when_late(self) -> None:
        """What is there already is returned, deadline or not: nothing is waited for."""
        clock = FakeClock()
        deadline = Deadline(clock, 1.0)
        deadline.start()
        await clock.advance(2.0)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        future.set_result("there")

        assert await deadline.wait(future) == "there"

    async def test_does_not_count_before_start(self) -> None:
        """Until it is started the whole time remains."""
        clock = FakeClock()
        deadline = Deadline(clock, 3.0)
        await clock.advance(10.0)

        assert deadline.remaining() == 3.0

    async def test_counts_from_the_first_start(self) -> None:
        """A second start changes nothing."""
        clock = FakeClock()
        deadline = Deadline(clock, 3.0)
        deadline.start()
        await clock.advance(1.0)
        deadline.start()

        assert deadline.remaining() == pytest.approx(2.0)

    async def test_never_has_less_than_nothing_left(self) -> None:
        """Behind the moment nothing remains."""
        clock = FakeClock()
        deadline = Deadline(clock, 1.0)
        deadline.start()
        await clock.advance(5.0)

        assert deadline.remaining() == 0.0

    async def test_cancel_calls_it_off(self) -> None:
        """A deadline that was called off never expires."""
        clock = FakeClock()
        deadline = Deadline(clock, 1.0)
        deadline.start()
        deadline.cancel()
        await clock.advance(5.0)

        assert deadline.expired is False

    async def test_cancel_before_start_is_harmless(self) -> None:
        """A check that never started its deadline may still cancel it."""
        deadline = Deadline(FakeClock(), 1.0)
        deadline.cancel()

        assert deadline.expired is False
