"""What a tag leads to is read in the order of the docs' ids, a page at a time."""

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
