"""heartbeat checks hosts and services and reports what is up and what is down.

This package file owns the two version numbers and nothing else; it imports nothing.
"""

__version__ = "0.1.0"

COMPATIBLE_VERSION = "9.5.0"
"""Version that documents, templates and data streams carry (`agent.version`).

Kibana and index templates compare it with their own; it names the generation of the
document format, while `__version__` names this program.
"""
