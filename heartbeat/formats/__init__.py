"""The small languages in options: texts made from events, layouts of times.

Owns format strings (`%{[field]:default}`, `%{+yyyy.MM.dd}`), the letters of a layout
and how numbers are written in both. Must not know options, events or outputs.
"""

from heartbeat.formats.layout import Layout
from heartbeat.formats.numbers import shortest
from heartbeat.formats.string import FormatString

__all__ = ["FormatString", "Layout", "shortest"]
