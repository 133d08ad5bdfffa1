"""Whose a client is can be asked for; how far an erasure went is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand the schema."""
    with op.batch_alter_table("delivery_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_tokens_client_id"), ["client_id"], unique=False)
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "everywhere",
                sa.Boolean(),
                server_default=sa.false(),
                nullable=False,
                comment="the name went from the texts of other records too",
            )
        )
