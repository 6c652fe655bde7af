"""Figures of several workers as those of one process.

Owns what is added up, what is the worst of all and what belongs to one worker. Pure:
must not know where the figures come from, nor most of their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WORST: Final = frozenset({"lateness", "loop_lag", "uptime"})
"""Members of which the largest counts, with all that is in them."""

SAME: Final = frozenset({"system", "limit", "host", "info"})
"""Members that are the same for all workers of a host, with all that is in them."""

EACH_READS: Final = frozenset({"scans", "reloads", "errors"})
"""What each worker counts of the same files: the largest is as many as there were."""


def together(figures: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of all workers as one: counters added up, delays the worst."""
    names = dict.fromkeys(name for one in figures for name in one)
    return {
        name: _member(name, [f[name] for f in figures if name in f]) for name in names
    }


def _member(name: str, values: list[Any]) -> Any:
    if name in SAME and name != "info":
        return values[0]
    if name in WORST:
        return _worst(values)
    if name == "config":
        return _config(values)
    return _united(values)


def _united(values: list[Any]) -> Any:
    first = values[0]
    match first:
        case dict():
            return together(values)
        case bool():
            return all(values)
        case int() | float():
            return sum(values)
        case list():
            return list(dict.fromkeys(item for value in values for item in value))
        case _:
            return first


def _worst(values: list[Any]) -> Any:
    if not isinstance(values[0], dict):
        return max(values)
    names = dict.fromkeys(name for value in values for name in value)
    return {name: _worst([v[name] for v in values if name in v]) for name in names}


def _config(values: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures on reading the configuration, which each worker does."""
    added = together(values)
    return added | {
        name: max(value[name] for value in values) for name in EACH_READS & added.keys()
    }


def stats_of(workers: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> Any:
    """Return `/stats` of all: pairs of what is said of a worker, and its figures."""
    each = [
        {
            **about,
            "beat": figures["beat"],
            "scheduler": _schedule(figures["heartbeat"]["scheduler"]),
        }
        for about, figures in workers
    ]
    return {**together([figures for _, figures in workers]), "workers": each}


def _schedule(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if name != "types"}


def health_of(answers: Iterable[tuple[str, Mapping[str, Any] | str]]) -> dict[str, Any]:
    """Return `/health` or `/ready` of all: titles, and answers or why there is none.

    An output takes something if it does so from every worker.
    """
    faults: list[str] = []
    outputs: list[Mapping[str, Any]] = []
    for title, answer in answers:
        if isinstance(answer, str):
            faults.append(answer)
            continue
        if answer["status"] != "ok":
            faults.append(f"{title}: {answer['status']}")
        outputs.append(answer["outputs"])
    return {"status": "; ".join(faults) or "ok", "outputs": together(outputs)}


def metrics_of(pages: Iterable[tuple[str, str]]) -> str:
    """Return pages for Prometheus as one, each sample with the label `worker`."""
    families: dict[str, list[str]] = {}
    for worker, text in pages:
        head, is_new = "", False
        for line in text.splitlines():
            if line.startswith("# HELP "):
                head = line.split(" ", 3)[2]
                is_new = head not in families
            family = families.setdefault(head, [])
            if not line.startswith("#"):
                family.append(_labelled(line, worker))
            elif is_new:
                family.append(line)
    return "\n".join(line for lines in families.values() for line in lines) + "\n"


def _labelled(sample: str, worker: str) -> str:
    """Return a sample with one label more; names and values have no brace or blank."""
    name, brace, rest = sample.partition("{")
    if brace:
        return f'{name}{{worker="{worker}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{worker="{worker}"}} {value}'
