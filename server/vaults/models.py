"""Tables: the server's key pairs, one share for each user of each device, files of unsent work."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from server.accounts.models import users
from server.db import Json, Utc, metadata

vault_keys = Table(
    "vault_keys",
    metadata,
    Column(
        "id", String(16), primary_key=True, comment="the first 16 hex digits of the public point's SHA-256"
    ),
    Column("private", LargeBinary, nullable=False, comment="P-256, 32 bytes, big endian"),
    Column("public", LargeBinary, nullable=False, comment="the uncompressed point, 65 bytes"),
    Column("created", Utc, nullable=False),
)
"""The newest is what phones seal to; the older ones open what was sealed before."""

vault_shares = Table(
    "vault_shares",
    metadata,
    Column("user_id", String(36), ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True),
    Column("device_id", String(36), primary_key=True, comment="the phone's own id of its store"),
    Column(
        "share", LargeBinary, nullable=False, comment="32 random bytes, without which the vault stays shut"
    ),
    Column("created", Utc, nullable=False),
    Column("until", Utc, nullable=False, comment="the end of the lease that the phone was told last"),
)

unsent_files = Table(
    "unsent_files",
    metadata,
    Column("school_id", String(36), primary_key=True),
    Column("id", String(36), primary_key=True),
    Column("uploader", String(36), nullable=False),
    Column("uploaded", Utc, nullable=False),
    Column("user_id", String(36), nullable=False, comment="whose work it is, as its proof says"),
    Column("client_id", String(64), nullable=False),
    Column("made", Utc, comment="as the phone's clock had it"),
    Column("ops", Integer, nullable=False, comment="how many are in it"),
    Column("body", LargeBinary, comment="the file, sealed as it came; none once it is taken in"),
    Column("taken", Utc),
    Column("counts", Json, comment="what became of the ops: applied, merged, conflict, held, known"),
    Index("ix_unsent_files_uploaded", "school_id", "uploaded"),
)
"""Files of unsent work that somebody brought to the office: looked at first, then taken in."""
