"""The effective configuration as text, for `heartbeat export config`.

Owns its form: merged, nested, variables as written, secrets masked. Must not know where
it is printed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from heartbeat.config.masking import masked

if TYPE_CHECKING:
    from heartbeat.config.section import Section


def exported(root: Section) -> str:
    """Return the configuration as YAML that could be loaded again, but for secrets."""
    text: str = yaml.dump(
        masked(root.written()),
        Dumper=yaml.CSafeDumper,
        allow_unicode=True,
        default_flow_style=False,
        sort_keys=False,
    )
    return text
