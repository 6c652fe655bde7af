"""Showing problems of a configuration: as lines, with their source, as JSON.

Owns the forms. Must not know how a problem was found. Shows no secret, whatever the
line it points at holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from heartbeat.config.masking import mask_line, mask_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import Console
    from rich.text import Text

    from heartbeat.errors import Problem


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return problems by file and line; those of no file come last."""
    return sorted(
        problems, key=lambda p: (not p.file, p.file, p.line, p.column, p.message)
    )


def as_lines(problems: Iterable[Problem]) -> list[str]:
    """Return one line each: what, where, and whether it is an error or a warning."""
    return [
        mask_text(f"{_severity(problem)}: {problem}") for problem in in_order(problems)
    ]


def as_json(problems: Iterable[Problem]) -> bytes:
    """Return all problems as a JSON list, places as members."""
    return orjson.dumps(
        [
            {
                "severity": _severity(problem),
                "message": mask_text(problem.message),
                "path": problem.path,
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
            }
            for problem in in_order(problems)
        ],
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def show(problems: Iterable[Problem], console: Console) -> None:
    """Print problems for people, each with the line it is about and a caret below."""
    for problem in in_order(problems):
        for line in _picture(problem):
            console.print(line, soft_wrap=True)


def _severity(problem: Problem) -> str:
    return "warning" if problem.is_warning else "error"


def _picture(problem: Problem) -> Iterator[Text]:
    from rich.text import Text  # noqa: PLC0415 - there is a console, so it is loaded

    severity = _severity(problem)
    style = "bold yellow" if problem.is_warning else "bold red"
    yield Text.assemble((f"{severity}: ", style), mask_text(problem.message))
    place = ":".join(str(p) for p in (problem.file, problem.line, problem.column) if p)
    if place or problem.path:
        where = f"{place} {problem.path}".strip()
        yield Text.assemble(("  --> ", "blue"), (where, "cyan"))
    source = _source_line(problem.file, problem.line)
    if source:
        number = f"{problem.line:>5} | "
        yield Text.assemble((number, "blue"), mask_line(source))
        blank = " " * (len(number) - 2) + "| "
        caret = " " * max(problem.column - 1, 0) + "^"
        yield Text.assemble((blank, "blue"), (caret, style))


def _source_line(file: str, line: int) -> str:
    if not (file and line):
        return ""
    try:
        lines = Path(file).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    return lines[line - 1].replace("\t", " ") if line <= len(lines) else ""
