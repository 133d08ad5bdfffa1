"""Whether a tag leads to a doc is asked for each doc of a first pull."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand the schema."""
    with op.batch_alter_table("doc_tags", schema=None) as batch_op:
        batch_op.drop_index("ix_doc_tags_tag")
        batch_op.create_index("ix_doc_tags_tag", ["school_id", "tag", "doc_id"], unique=False)
