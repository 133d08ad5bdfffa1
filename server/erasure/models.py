"""Tombstones: what was erased, when, by whom and why. No name, nothing of the contents."""

from sqlalchemy import BigInteger, Boolean, Column, Index, String, Table, Text, false

from server.db import Utc, metadata

Id = String(80)
KIND_LENGTH = 40  # longer than any kind there is; what an op calls its kind may be longer

erasures = Table(
    "erasures",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("doc_id", Id, primary_key=True),
    Column("kind", String(KIND_LENGTH), nullable=False),
    Column("pupil", Id, nullable=False, comment="the erased pupil that the doc was about; of itself its own"),
    Column("rev", BigInteger, nullable=False),
    Column("erased", Utc, nullable=False),
    Column("by", String(80), nullable=False, comment="a user's id, or who sat at the terminal"),
    Column("reason", Text, nullable=False),
    Column(
        "everywhere",
        Boolean,
        nullable=False,
        default=False,
        server_default=false(),
        comment="the name went from the texts of other records too",
    ),
    Index("ix_erasures_pupil", "school_id", "pupil"),
)
"""One row for the pupil and one for each doc that went along, so that late ops for those are known too."""

ERASED = "erased"
"""The state of a row of `docs` that only remembers that its doc is gone; its body is empty."""
