"""Conditions on documents, as operators write them: `when:`, `if:`, `condition:`.

Owns the language (`equals`, `contains`, `regexp`, `range`, `has_fields`, `network`,
`or`, `and`, `not`) and what each operator means. Must not know what a document is of or
what happens when a condition holds.
"""

from heartbeat.conditions.build import Condition, build_condition
from heartbeat.conditions.document import MISSING, find

__all__ = ["MISSING", "Condition", "build_condition", "find"]
