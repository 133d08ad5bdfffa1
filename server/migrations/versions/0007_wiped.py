"""When a phone that was ended said that it had removed what it kept."""

import sqlalchemy as sa
from alembic import op

import server.db

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand the schema."""
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "wiped",
                server.db.Utc(timezone=True),
                nullable=True,
                comment="when a revoked phone said that it had removed what it kept of this user",
            )
        )
