"""Tables: where pushes go, which reminders went, and the key that push services know us by."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from server.db import Json, Utc, metadata

subscriptions = Table(
    "push_subscriptions",
    metadata,
    Column("id", String(64), primary_key=True, comment="SHA-256 of the endpoint: one browser, one row"),
    Column("user_id", String(36), nullable=False),
    Column("session", String(36), nullable=False, comment="id of the session that subscribed"),
    Column("endpoint", Text, nullable=False),
    Column("p256dh", String(100), nullable=False),
    Column("auth", String(50), nullable=False),
    Column("created", Utc, nullable=False),
    Column("last_ok", Utc),
    Column("failed", Integer, nullable=False, default=0, comment="failures since the last success"),
    Index(None, "user_id"),
)

reminders = Table(
    "reminders",
    metadata,
    Column("school_id", String(36), primary_key=True),
    Column("user_id", String(36), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("occasion", String(60), primary_key=True),
    Column("state", String(10), nullable=False, comment="claimed, waiting, sent, dropped, failed"),
    Column("worker", String(36), nullable=False, comment="who holds the claim"),
    Column(
        "until",
        Utc,
        nullable=False,
        comment="claimed: when the claim lapses; waiting: not to be tried before",
    ),
    Column("attempts", Integer, nullable=False),
    Column("duties", Json, nullable=False, comment="ids of the duties it tells of"),
    Column("reached", Json, nullable=False, comment="ids of the subscriptions that took it"),
    Column("created", Utc, nullable=False),
    Column("sent", Utc),
    Index(None, "school_id", "state", "until"),
)

vapid = Table(
    "vapid",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False, comment="always 1: there is one key"),
    Column("private", Text, nullable=False, comment="the raw private key, base64url"),
    Column("public", Text, nullable=False, comment="the uncompressed point, base64url: applicationServerKey"),
    Column("created", Utc, nullable=False),
)
