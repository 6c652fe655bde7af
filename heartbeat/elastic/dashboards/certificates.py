"""Certificates that servers present: which expire, and when."""

from __future__ import annotations

from typing import Final

from heartbeat.elastic.dashboards.board import Board, row
from heartbeat.elastic.dashboards.charts import Donut, Graph, Table, Tile
from heartbeat.elastic.dashboards.colours import DAYS_LEFT, NONE_IS_GOOD
from heartbeat.elastic.dashboards.columns import Filters, Over, Terms
from heartbeat.elastic.dashboards.measures import (
    average,
    highest,
    last,
    lowest,
    unique,
)
from heartbeat.elastic.dashboards.queries import CURRENT, both

_HASH: Final = "tls.server.hash.sha256"
_X509: Final = "tls.server.x509"
_SOON: Final = 30
_EXPIRY: Final = Filters(
    "Expires",
    (
        ("has expired", "hb.cert_days < 0"),
        ("within 7 days", "hb.cert_days >= 0 and hb.cert_days < 7"),
        ("within 30 days", "hb.cert_days >= 7 and hb.cert_days < 30"),
        ("within 90 days", "hb.cert_days >= 30 and hb.cert_days < 90"),
        ("later", "hb.cert_days >= 90"),
    ),
)

_TILES: Final = row(
    6,
    Tile(
        name="certificates",
        title="Certificates in use",
        measures=(unique("In use", _HASH, CURRENT),),
    ),
    Tile(
        name="soonest",
        title="Fewest days left",
        measures=(lowest("Days left", "hb.cert_days", CURRENT),),
        scale=DAYS_LEFT,
    ),
    Tile(
        name="expiring",
        title="Expiring within 30 days",
        measures=(unique("Expiring", _HASH, both(CURRENT, f"hb.cert_days < {_SOON}")),),
        scale=NONE_IS_GOOD,
    ),
    Tile(
        name="expired",
        title="Expired",
        measures=(unique("Expired", _HASH, both(CURRENT, "hb.cert_days < 0")),),
        scale=NONE_IS_GOOD,
    ),
)

_TABLE: Final = Table(
    name="table",
    title="Certificates, first to expire first",
    about="One that is no longer presented leaves when its last check does.",
    rows=(Terms("SHA-256", _HASH, size=1000, by=1, is_ascending=True),),
    hidden=(0,),
    measures=(
        last("Name", f"{_X509}.subject.common_name"),
        lowest("Days left", "hb.cert_days"),
        highest("Expires", f"{_X509}.not_after"),
        last("Issuer", f"{_X509}.issuer.common_name"),
        last("Key", f"{_X509}.public_key_algorithm"),
        last("Signature", f"{_X509}.signature_algorithm"),
        unique("Monitors", "monitor.id"),
        last("URL", "url.full"),
        highest("Last seen", "@timestamp"),
    ),
    sorted_by=1,
    is_ascending=True,
    scales={1: DAYS_LEFT},
)

CERTIFICATES: Final = Board(
    name="certificates",
    title="[Heartbeat] TLS certificates",
    about="Which certificates servers present, and when they expire.",
    where=f"{_HASH}: *",
    rows=(
        _TILES,
        row(20, _TABLE),
        row(
            12,
            Graph(
                name="expiry",
                title="When they expire",
                over=_EXPIRY,
                form="bar",
                measures=(unique("Certificates", _HASH),),
            ),
            Graph(
                name="handshake",
                title="Handshake",
                over=Over(),
                measures=(
                    average("mean", "tls.rtt.handshake.us"),
                    highest("longest", "tls.rtt.handshake.us"),
                ),
            ),
        ),
        row(
            12,
            Donut(
                name="versions",
                title="TLS versions",
                slices=(Terms("Version", "tls.version"),),
                measures=(unique("Monitors", "monitor.id"),),
            ),
            Donut(
                name="ciphers",
                title="Cipher suites",
                slices=(Terms("Cipher", "tls.cipher"),),
                measures=(unique("Monitors", "monitor.id"),),
            ),
            Donut(
                name="issuers",
                title="Issuers",
                slices=(Terms("Issuer", f"{_X509}.issuer.common_name"),),
                measures=(unique("Certificates", _HASH),),
            ),
        ),
    ),
)
