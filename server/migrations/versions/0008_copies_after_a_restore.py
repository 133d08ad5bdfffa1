"""What tells a phone's own ops from those of its copy after a restore."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand the schema."""
    with op.batch_alter_table("life", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "before",
                sa.String(36),
                nullable=True,
                comment="the life that the restored backup was made in",
            )
        )
    with op.batch_alter_table("schools", schema=None) as batch_op:
        for name, comment in (
            ("inherited", "the rev that the restored backup had; 0: nothing was restored"),
            ("born", "the rev that this life of the database began at"),
        ):
            batch_op.add_column(
                sa.Column(name, sa.BigInteger(), nullable=False, server_default="0", comment=comment)
            )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "since",
                sa.BigInteger(),
                nullable=False,
                server_default="0",
                comment="of its last op, see sync.doc.Stamp",
            )
        )
        batch_op.add_column(
            sa.Column(
                "inherited",
                sa.BigInteger(),
                nullable=False,
                server_default="0",
                comment="the last seq that this life of the database began with; 0: none",
            )
        )
    with op.batch_alter_table("ops", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "since",
                sa.BigInteger(),
                nullable=False,
                server_default="0",
                comment="as merged with, see sync.doc.Stamp",
            )
        )
