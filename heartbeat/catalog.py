"""Every option there is: of the process, of each monitor type, output, processor.

Owns finding the models of plug-ins: the model that a `build` unpacks is what describes
its options. Must not know what the options mean or how they are shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from heartbeat import monitors, outputs, processors
from heartbeat.clock import SystemClock
from heartbeat.config import MonitorSpec, Options, Section
from heartbeat.config.catalog import Catalog
from heartbeat.errors import ConfigError
from heartbeat.net import Network
from heartbeat.outputs.base import OutputContext
from heartbeat.processors.base import ProcessorContext
from heartbeat.processors.sources import Sources
from heartbeat.schedule import Every

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import BaseModel


class _AskedError(ConfigError):
    """Somebody wants to unpack this model; a fault, so that nothing gets built."""

    def __init__(self, model: type[BaseModel]) -> None:
        """Keep the model."""
        super().__init__("there is nothing to unpack")
        self.model = model


class _Probe(Section):
    """An empty section that tells which model it would be unpacked to."""

    __slots__ = ()

    def unpack(self, model: type[BaseModel]) -> NoReturn:
        """Tell."""
        raise _AskedError(model)

    def peek(self, model: type[BaseModel]) -> NoReturn:
        """Tell."""
        raise _AskedError(model)


def monitor_options(plugin: str) -> type[BaseModel]:
    """Return the model of the options of a monitor type, without the common ones."""
    network = Network(SystemClock())
    spec = MonitorSpec("", "", plugin, plugin, Every(1), _Probe({}))
    return _model(lambda: monitors.build(spec, network))


def output_options(name: str) -> type[BaseModel]:
    """Return the model of the options of an output, without the common ones."""
    context = OutputContext(Network(SystemClock()))
    return _model(lambda: outputs.build(name, _Probe({}), context))


def processor_options(name: str) -> type[BaseModel]:
    """Return the model of the options of a processor, without `when`."""
    context = ProcessorContext(Network(SystemClock()), Sources())
    return _model(lambda: processors.find(name)(_Probe({}), context))


def _model(build: Callable[[], object]) -> type[BaseModel]:
    try:
        build()
    except _AskedError as asked:
        return asked.model
    return Options  # a plug-in without options


def catalog() -> Catalog:
    """Return all options of what is installed."""
    types = monitors.names()
    return Catalog(
        monitors={plugin: monitor_options(plugin) for plugin in set(types.values())},
        aliases=types,
        outputs={name: output_options(name) for name in sorted(outputs.names())},
        processors={
            name: processor_options(name) for name in sorted(processors.names())
        },
        refused=processors.REFUSED,
    )
