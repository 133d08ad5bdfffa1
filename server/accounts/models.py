"""Tables of accounts. A person's roles are not here: they are in the person's doc, a school at a time."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from server.db import Utc, metadata

users = Table(
    "users",
    metadata,
    Column("id", String(36), primary_key=True, comment="also the id of the person's doc in each school"),
    Column("phone", String(20), nullable=False, unique=True, comment="digits only"),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, comment="argon2id; none: an account that nobody can sign in to yet"),
    Column("created", Utc, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String(64), primary_key=True, comment="SHA-256 of the cookie's value"),
    Column("id", String(36), nullable=False, unique=True, comment="what lists and links name it by"),
    Column("user_id", String(36), ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("client_id", String(36), nullable=False, comment="the client that this session's ops come from"),
    Column("school_id", String(36), comment="the school that a request is about when it names none"),
    Column("device", Text, nullable=False),
    Column("device_id", String(36), comment="the phone's own id of its store, once it asked for its share"),
    Column("created", Utc, nullable=False),
    Column("seen", Utc, nullable=False, comment="to within some minutes"),
    Column("expires", Utc, nullable=False, comment="the absolute limit"),
    Column("ended", Utc, comment="signed out or revoked"),
    Column("revoked", Utc, comment="ended from a list of devices: what the phone keeps is to be wiped"),
    Column("wiped", Utc, comment="when a revoked phone said that it had removed what it kept of this user"),
    Index(None, "user_id"),
)

delivery_tokens = Table(
    "delivery_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column(
        "session_hash",
        String(64),
        ForeignKey(sessions.c.token_hash, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("user_id", String(36), ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("client_id", String(36), nullable=False, index=True),
)

signin_accounts = Table(
    "signin_accounts",
    metadata,
    Column("account", String(64), primary_key=True, comment="hash of a phone number, known or not"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("last", Utc, nullable=False),
    Column("blocked_until", Utc),
)

signin_addresses = Table(
    "signin_addresses",
    metadata,
    Column("address", String(64), primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("failed", Utc, comment="the last try that has not been made good since"),
    Column("succeeded", Utc),
)
