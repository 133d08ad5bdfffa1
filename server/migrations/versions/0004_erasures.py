"""erasures."""

import sqlalchemy as sa
from alembic import op

import server.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand the schema."""
    op.create_table(
        "erasures",
        sa.Column("school_id", sa.String(length=80), nullable=False),
        sa.Column("doc_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "pupil",
            sa.String(length=80),
            nullable=False,
            comment="the erased pupil that the doc was about; of itself its own",
        ),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("erased", server.db.Utc(timezone=True), nullable=False),
        sa.Column(
            "by", sa.String(length=80), nullable=False, comment="a user's id, or who sat at the terminal"
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("school_id", "doc_id", name=op.f("pk_erasures")),
    )
    with op.batch_alter_table("erasures", schema=None) as batch_op:
        batch_op.create_index("ix_erasures_pupil", ["school_id", "pupil"], unique=False)
