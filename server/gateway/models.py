"""Tables behind sync. A doc's current state is one row; its history is the log of ops."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, String, Table

from server.db import Utc, metadata

Id = String(80)  # a UUID; for kind `held` it is `<client>:<seq>`

clients = Table(
    "clients",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user_id", Id, nullable=False, index=True),
    Column("last_seq", BigInteger, nullable=False),
    Column("durable", BigInteger, nullable=False, default=0),
    Column(
        "inherited",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="the last seq that this life of the database began with; 0: none",
    ),
    Column(
        "since", BigInteger, nullable=False, server_default="0", comment="of its last op, see sync.doc.Stamp"
    ),
    Column("device", String(200), nullable=False, default=""),
    Column("seen", Utc, nullable=False),
)

ops = Table(
    "ops",
    metadata,
    Column("client_id", String(64), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("school_id", Id, nullable=False),
    Column("doc_id", Id, nullable=False),
    Column("user_id", Id, nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("received", Utc, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("result", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column(
        "since", BigInteger, nullable=False, server_default="0", comment="as merged with, see sync.doc.Stamp"
    ),
    Index("ix_ops_doc", "school_id", "doc_id", "rev"),
)

docs = Table(
    "docs",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("rev", BigInteger, nullable=False),
    Column("form", String(80), nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("state", String(40)),
    Column("author", Id),
    Column("occurred", String(32)),  # local date or time of what it is about, for lists and filters
    Column("body", LargeBinary, nullable=False),
    Index("ix_docs_rev", "school_id", "rev", "id"),
    Index("ix_docs_list", "school_id", "kind", "state", "occurred"),
)

doc_refs = Table(
    "doc_refs",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("ref", Id, primary_key=True),  # a pupil, household, building, meal or duty
    Column("doc_id", Id, primary_key=True),
    Index("ix_doc_refs_doc", "school_id", "doc_id"),
)

doc_tags = Table(
    "doc_tags",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("doc_id", Id, primary_key=True),
    Column("tag", String(80), primary_key=True),
    Column("view", String(20), primary_key=True),
    Column("added", BigInteger, primary_key=True, autoincrement=False),
    Column("removed", BigInteger),
    Index("ix_doc_tags_tag", "school_id", "tag", "doc_id"),
    Index("ix_doc_tags_added", "school_id", "added"),
    Index("ix_doc_tags_removed", "school_id", "removed"),
)
"""Who may see a doc, as tags (`class:三(2)班`, `u:<user>`, `office`), each with what of it; never deleted,
so that a pull can tell which docs entered or left somebody's scope."""

holds = Table(
    "holds",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("user_id", Id, primary_key=True),
    Column("tag", String(80), primary_key=True),
    Column("added", BigInteger, primary_key=True, autoincrement=False),
    Column("removed", BigInteger),
)
"""Which tags a person holds, since when and until when; follows from the person doc's roles."""
