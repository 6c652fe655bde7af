"""What `heartbeat top` shows: figures of the process, then the monitors, worst first.

Owns its form. Must not know where the answers come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from rich.console import Group
from rich.table import Table
from rich.text import Text

from heartbeat.announce import span
from heartbeat.instance import WORST_FIRST
from heartbeat.oneoff.verdict import NANOSECONDS, duration, moment, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import RenderableType

    from heartbeat.event import Fields
    from heartbeat.instance import Snapshot

COLOURS: Final[Mapping[str, str]] = {
    "up": "green",
    "degraded": "yellow",
    "down": "bold red",
    "unknown": "magenta",
    "maintenance": "cyan",
}
COLUMNS: Final[Mapping[str, tuple[int, int]]] = {
    "LEVEL": (11, 0),
    "FOR": (7, 0),
    "SINCE (UTC)": (14, 0),
    "MONITOR": (0, 2),
    "TARGET": (0, 3),
    "TOOK": (7, 0),
    "ERROR": (0, 4),
}
"""The columns: how wide, or which share of what is left is theirs."""
RIGHT: Final = frozenset({"FOR", "TOOK"})
NARROW: Final = 110
LEFT_OUT: Final = frozenset({"SINCE (UTC)", "TOOK"})
"""Columns that a terminal narrower than that does without."""
HEADER_LINES: Final = 8
"""Lines that are not monitors: figures, headings, and one left for the cursor."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a picture has beside the monitors.

    `url` is where they are from, `now` in nanoseconds since the epoch, `width` that of
    the terminal, None where lines may be as long as they like. `fault` is why the
    picture is old, if it is.
    """

    url: str
    now: int
    width: int | None = None
    fault: str = ""


def picture(snapshot: Snapshot, frame: Frame) -> RenderableType:
    """Return what is shown."""
    return Group(*_header(snapshot, frame), _table(snapshot, frame))


def _header(snapshot: Snapshot, frame: Frame) -> Iterator[Text]:
    info = snapshot.stats["beat"]["info"]
    uptime = span(info["uptime"]["ms"] / 1000)
    clock = datetime.fromtimestamp(frame.now / NANOSECONDS, UTC)
    title = (
        f"heartbeat at {plain(frame.url)}, running for {uptime}, {clock:%H:%M:%S} UTC"
    )
    yield _line(Text(title, "bold"))
    yield _line(_levels(snapshot))
    yield _line(_schedule(snapshot.stats["heartbeat"]["scheduler"]))
    yield _line(_outputs(snapshot.stats["heartbeat"]["outputs"]))
    yield _line(Text(plain(frame.fault), "bold red"))


def _line(text: Text) -> Text:
    """Return the text on one line, cut at the edge of the terminal."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _levels(snapshot: Snapshot) -> Text:
    counts = snapshot.levels
    told = [
        Text(f"{counts[level]} {level}", COLOURS[level])
        for level in WORST_FIRST
        if counts.get(level)
    ]
    line = Text(f"{snapshot.total} endpoints: ").append(Text(", ").join(told))
    if snapshot.matched is not None:
        line.append(f"; {snapshot.matched} of those asked for")
    return line


def _schedule(figures: Mapping[str, Any]) -> Text:
    lateness, lag = figures["lateness"], figures["loop_lag"]
    return Text(
        f"lateness p50 {_time(lateness, 'p50')}, p99 {_time(lateness, 'p99')},"
        f" max {_time(lateness, 'max')}; loop lag p99 {_time(lag, 'p99')};"
        f" {figures['running']} running, {figures['waiting']} waiting,"
        f" {figures['missed']} missed"
    )


def _time(figures: Mapping[str, Any], name: str) -> str:
    return duration(figures[name]["us"] / 1e6)


def _outputs(outputs: Mapping[str, Any]) -> Text:
    told = [_output(name, figures) for name, figures in outputs.items()]
    return Text("outputs: ").append(Text("; ").join(told))


def _output(name: str, figures: Mapping[str, Any]) -> Text:
    events = figures["events"]
    text = Text(f"{plain(name)} {events['pending']} pending")
    if not figures["available"]:
        text.append(", takes nothing", "bold red")
    for lost, words in (("dropped", "dropped"), ("dead_letter", "dead letters")):
        if events[lost]:
            text.append(f", {events[lost]} {words}", "yellow")
    return text


def _table(snapshot: Snapshot, frame: Frame) -> Table:
    fits = frame.width is not None
    is_narrow = frame.width is not None and frame.width < NARROW
    table = Table(box=None, expand=fits, pad_edge=False, header_style="reverse")
    headings = [name for name in COLUMNS if not (is_narrow and name in LEFT_OUT)]
    for name in headings:
        width, share = COLUMNS[name]
        table.add_column(
            name,
            no_wrap=True,
            justify=_side(name),
            width=width or None,
            ratio=share if fits and share else None,
        )
    for monitor in snapshot.monitors:
        cells = _cells(monitor, frame.now)
        table.add_row(*(cells[name] for name in headings))
    return table


def _side(name: str) -> Literal["left", "right"]:
    return "right" if name in RIGHT else "left"


def _cells(monitor: Fields, now: int) -> dict[str, Text]:
    level, took = monitor["level"], monitor["duration"]
    age, since = _since(monitor["since"], now)
    return {
        "LEVEL": Text(_level(monitor), COLOURS[level]),
        "FOR": Text(age),
        "SINCE (UTC)": Text(since),
        "MONITOR": Text(plain(monitor["name"] or monitor["id"])),
        "TARGET": Text(plain(monitor["url"])),
        "TOOK": Text("" if took is None else duration(took)),
        "ERROR": Text(plain(monitor["error"] or ""), COLOURS[level]),
    }


def _level(monitor: Fields) -> str:
    is_flapping = monitor["status"] == "flap"
    return f"{monitor['level']}, flap" if is_flapping else monitor["level"]


def _since(text: str | None, now: int) -> tuple[str, str]:
    if text is None:
        return "", ""
    began = moment(text)
    days, rest = divmod(max(now / NANOSECONDS - began, 0), 86_400)
    age = f"{days:.0f}d{rest // 3600:02.0f}h" if days else span(rest)
    return age, f"{datetime.fromtimestamp(began, UTC):%m-%d %H:%M:%S}"
