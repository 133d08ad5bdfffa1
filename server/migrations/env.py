"""Run by Alembic for each command; the connection and its transaction belong to the caller."""

from alembic import context

import server.app  # noqa: F401 - importing the features is what fills the metadata
from server.db import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="server.db.",
)
context.run_migrations()
