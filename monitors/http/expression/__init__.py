"""The expression language of JSON checks: gval's full language with JSON paths.

Owns the way from the text of an expression to a verdict over a document. The parts:
`lexer` (text to tokens), `parser` (tokens to callables), `operators`, `values` (what
they mean), `jsonpath` (paths), `dates`. No I/O. Must not know where documents come
from.
"""

from heartbeat.monitors.http.expression.evaluate import (
    Expression,
    TooCostly,
    compile_expression,
)

__all__ = ["Expression", "TooCostly", "compile_expression"]
