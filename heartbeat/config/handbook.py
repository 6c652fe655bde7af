"""The description of every option as Markdown: docs/configuration.md.

Owns the order and the form of that page, and what there is to say about all options
together. Must not know any option.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from heartbeat.config.catalog import Shape, options_of
from heartbeat.config.cloud import CloudOptions
from heartbeat.config.models import ProcessOptions
from heartbeat.config.monitors import MonitorOptions
from heartbeat.config.outputs import OutputOptions
from heartbeat.config.reference import NOTES
from heartbeat.config.tls import TlsOptions
from heartbeat.config.words import default_of, kind_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pydantic import BaseModel

    from heartbeat.config.catalog import Catalog, Option

_INTRODUCTION: Final = """\
# Configuration

Made from the program by `make docs`; change the descriptions there. `heartbeat test
config` checks a configuration without connecting anywhere, `heartbeat export config`
prints what it amounts to, and `heartbeat export schema` prints a JSON Schema with which
an editor completes and checks `heartbeat.yml` and files of monitors.

## How options are written

- A name with dots and nested mappings are the same: `http.port: 5066` is
  `http: {port: 5066}`.
- Where a list is expected, a single value stands for a list of one.
- `null`, or nothing at all, means the default.
- Unknown options do no harm, but are reported, with the nearest name that is known.
- Several files (`-c`) and overrides (`-E name=value`) are laid over each other in that
  order: mappings member by member, lists entry by entry.
- Every fault is reported at once, each with file, line and column.
- A file may have 16 MiB and 64 levels of nesting.

| Kind | Written as |
|---|---|
| boolean | `true`, `false`, `yes`, `no`, `on`, `off`; in quotes only `"true"`, `"false"`, `"1"`, `"0"` and the like |
| count, integer | a whole number, also `0x1f`, `0o17`, `017`, `0b1`, `1_000` |
| duration | `500ms`, `5s`, `1m30s`, `2h`; a bare number is seconds |
| mapping | names and values of your own |
| size | bytes, or a number with a unit: `10MB` is decimal, `10MiB` binary |
| text | text; numbers and booleans are taken as text |

## Variables and secrets

| Written | Means |
|---|---|
| `${NAME}` | the option of that dotted name, else the environment variable, else the secret of the keystore; a fault if there is none |
| `${NAME:default}` | the same, or the default; `${NAME:}` for nothing |
| `${NAME:+text}` | the text if there is such a name, else nothing |
| `${NAME:?message}` | the same as `${NAME}`, with a message of your own for the fault |
| `$${NAME}` | the characters themselves |

`heartbeat keystore create`, `add NAME`, `list` and `remove NAME` manage the keystore,
the file that `keystore.path` names. It is encrypted under the password in the
environment variable `HEARTBEAT_KEYSTORE_PASSWORD`. Without one it only hides secrets from a glance:
whoever can read the file can read them. A secret is always text, whatever it looks
like.
"""  # noqa: E501 - the row of a table is one line

_MONITORS: Final = """\
## Monitors

Monitors stand in `heartbeat.monitors`, and in the files of `heartbeat.config.monitors`,
each of which holds a list. A monitor of the main file whose common options are wrong,
or whose id another one has, stops the start. In files of monitors such a monitor is
reported and left out; of several with one id the first stays, those of the main file
before all others. Whatever is wrong with options of the monitor's own type, it runs on
schedule and reports the fault as its error.
"""

_PROCESSORS: Final = """\
## Processors

`processors` is a list of changes to events, applied in its order before an event is
kept: in a monitor to its own events, at the top level to all, after those of the
monitor. Those of a monitor do not see `agent` and `ecs`. Each entry has one action, or
`if`, `then` and `else`:

```yaml
processors:
  - add_tags: {tags: [web], when.has_fields: [http]}
  - if: {equals: {monitor.status: up}}
    then: [{drop_fields: {fields: [url.full]}}]
    else: {add_fields: {target: "", fields: {severity: high}}}
```

`when` and `if` take the conditions `equals`, `contains`, `regexp`, `range`, `network`,
`has_fields`, `or`, `and` and `not`. A few processors, such as `now`, refuse `when`, as
they do in the reference: put them into an `if`.

Names of fields are dotted paths; `@timestamp` and the members of `@metadata` are
fields, too. A processor that fails leaves the event to the next one, and says so in the
log at debug level; inside of `then` and `else` the first failure ends the side.
`ignore_missing` makes a missing field no failure, `fail_on_error` undoes the whole
processor when a part of it fails, and puts the reason into `error.message`, unless that
says already why the target is down. An event that is dropped, or lost by a failure that
says so below, leaves the state of its monitor all the same.

Where a script or a replacement needs `${`, write `$${`: the former is a variable.

A fault in the options stops the start; in those of a monitor, the monitor runs and
reports it.
"""

_NO_EFFECT: Final = """\
## Options of the reference without effect

They are accepted, and reported.

| Option | Note |
|---|---|
"""

_EMPTY: Final = frozenset({"", '""', "[]", "{}"})
_HEAD: Final = "| Option | Kind | Default | Meaning |\n|---|---|---|---|\n"


def handbook(catalog: Catalog) -> str:
    """Return the page."""
    parts = [_INTRODUCTION, *_process(), _MONITORS]
    parts += ["### Options of every monitor\n", _table(MonitorOptions)]
    common = MonitorOptions.model_fields.keys() - {"timeout"}
    for plugin, model in sorted(catalog.monitors.items()):
        names = ", ".join(f"`{name}`" for name in catalog.names_of(plugin))
        parts += [f"### `type: {plugin}`\n", f"Also known as {names}.\n"]
        parts.append(_table(model, hidden=common))
    parts += ["## TLS: `ssl`\n", _table(TlsOptions, "ssl.")]
    parts += ["## Outputs\n", "Any number of them may be on at once.\n"]
    parts += ["### Options of every output\n", _table(OutputOptions)]
    for name, model in catalog.outputs.items():
        parts += [f"### `output.{name}`\n", _table(model)]
    parts += _processors(catalog)
    parts += ["## Hosted deployments: `cloud`\n", _table(CloudOptions, "cloud.")]
    return "\n".join((*parts, _notes()))


def _processors(catalog: Catalog) -> Iterator[str]:
    yield _PROCESSORS
    yield "| Not supported | Why |\n|---|---|\n" + "".join(
        f"| `{name}` | {reason} |\n" for name, reason in sorted(catalog.refused.items())
    )
    for name, model in catalog.processors.items():
        yield f"### `{name}`\n"
        _, _, effect = (model.__doc__ or "").strip().partition(": ")
        if effect:
            yield f"{effect[0].upper()}{' '.join(effect[1:].split())}\n"
        if model.model_fields:
            yield _table(model)


def _process() -> Iterator[str]:
    """Yield the options of the process, those with members in chapters of their own."""
    yield "## The process\n"
    options = options_of(ProcessOptions)
    rows = (_row("", option) for option in options if option.form.members is None)
    yield _HEAD + "".join(rows)
    for option in options:
        if option.form.members is not None:
            yield f"### `{option.name}`\n"
            yield f"{option.description}\n"
            yield _table(option.form.members, f"{option.name}.")


def _table(
    model: type[BaseModel], prefix: str = "", *, hidden: Collection[str] = ()
) -> str:
    return _HEAD + "".join(_rows(model, prefix, hidden))


def _rows(
    model: type[BaseModel], prefix: str, hidden: Collection[str]
) -> Iterator[str]:
    for option in options_of(model):
        members = option.form.members
        if option.name in hidden:
            continue
        if members is None or members is TlsOptions:
            yield _row(prefix, option)
            continue
        step = {Shape.ONE: "", Shape.LIST: "[]", Shape.NAMED: ".<name>"}
        inner = f"{prefix}{option.name}{step[option.form.shape]}."
        yield from _rows(members, inner, ())


def _row(prefix: str, option: Option) -> str:
    name = f"`{prefix}{option.name}`"
    if option.form.members is TlsOptions:
        return f"| {name} | mapping | | [TLS](#tls-ssl) |\n"
    default = default_of(option)
    shown = "" if default in _EMPTY else f"`{default}`"
    cells = (
        name,
        kind_of(option),
        "required" if option.is_required else shown,
        option.description.replace("<", "&lt;").replace("|", "&#124;"),
    )
    return f"| {' | '.join(cells)} |\n"


def _notes() -> str:
    rows = (f"| `{path}` | {note} |\n" for path, note in NOTES.items())
    return _NO_EFFECT + "".join(rows)
