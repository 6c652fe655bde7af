"""A configuration file with every option: heartbeat.reference.yml.

Owns the form of that file: all commented out, each option with what it means and its
default. A line of words begins with `# `, a line to be used with `#` and anything else.
Must not know any option.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING, Final

from heartbeat.config.catalog import Shape, options_of, options_together
from heartbeat.config.cloud import CloudOptions
from heartbeat.config.models import ProcessOptions
from heartbeat.config.monitors import MonitorOptions
from heartbeat.config.outputs import OutputOptions
from heartbeat.config.words import default_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from heartbeat.config.catalog import Catalog, Option

_WIDTH: Final = 88
_HEAD: Final = """\
# Every option of heartbeat, with its default. Made from the program by `make docs`.
#
# All of it is commented out: copy what you need into heartbeat.yml and take the first #
# away. docs/configuration.md says how values may be written.
"""


def sample(catalog: Catalog) -> str:
    """Return the file."""
    lines = [*_HEAD.splitlines(), *_title("Monitors")]
    lines.append("#heartbeat.monitors:")
    for plugin, model in sorted(catalog.monitors.items()):
        lines += ["", f"#- type: {plugin}"]
        options = options_together(MonitorOptions, model)
        lines += _options((o for o in options if o.name != "type"), "", "  ")
    lines += _title("The process")
    rest = (o for o in options_of(ProcessOptions) if o.name != "processors")
    lines += _options(rest, "", "")
    lines += [*_title("Processors"), "#processors:"]
    for name, model in catalog.processors.items():
        lines += ["", f"#- {name}:"]
        lines += _options(options_of(model), "", "    ")
    for name, model in catalog.outputs.items():
        lines += _title(f"Output: {name}")
        options = options_together(OutputOptions, model)
        lines += _options(options, f"output.{name}.", "")
    lines += _title("Hosted deployments")
    lines += _options(options_of(CloudOptions), "cloud.", "")
    return "".join(f"{line}\n" for line in lines)


def _title(text: str) -> list[str]:
    return ["", f"# ---- {text} ".ljust(_WIDTH, "-")]


def _options(options: Iterable[Option], prefix: str, indent: str) -> Iterator[str]:
    """Yield the lines of options, those with members under dotted names."""
    for option in options:
        members = option.form.members
        if members is None:
            yield from _option(option, prefix, indent)
        else:
            step = {Shape.ONE: "", Shape.LIST: ".0", Shape.NAMED: ".http"}
            inner = f"{prefix}{option.name}{step[option.form.shape]}."
            yield from _options(options_of(members), inner, indent)


def _option(option: Option, prefix: str, indent: str) -> Iterator[str]:
    words = f"{option.description} ({kind_of(option)})".strip()
    yield ""
    for line in wrap(words, _WIDTH - 2):
        yield f"# {line}"
    yield f"#{indent}{prefix}{option.name}: {default_of(option)}".rstrip()
