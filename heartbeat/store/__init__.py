"""What must not be lost: undelivered events, how far each output is, monitor states.

Owns durability and the hand-over from whoever makes events to whoever delivers them.
Must not know any monitor or output: a record is bytes with a routing, an output a name.
"""

from heartbeat.store.store import Overflow, Store, StoreLimits

__all__ = ["Overflow", "Store", "StoreLimits"]
