"""Tables of imports. Whole ID numbers live here and nowhere else; docs get the last four digits."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Integer, LargeBinary, String, Table, Text

from server.db import Json, Utc, metadata

Id = String(80)

idents = Table(
    "idents",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("student_id", Id, primary_key=True),
    Column("ident", String(30), comment="居民身份证号, upper case, as written where it fails its check"),
    Column("enrolment_no", String(30), comment="全国学籍号"),
    Index("ix_idents_ident", "school_id", "ident"),
    Index("ix_idents_enrolment", "school_id", "enrolment_no"),
)

imported = Table(
    "imported",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("doc_id", Id, primary_key=True),
    Column("kind", String(40), nullable=False),
    Column("cells", LargeBinary, nullable=False, comment="path → [the value imported last, the rev it got]"),
)
"""What the workbooks said last, so that the next import changes only what they say anew."""

import_jobs = Table(
    "import_jobs",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("id", Id, primary_key=True),
    Column("user_id", Id, nullable=False),
    Column("created", Utc, nullable=False),
    Column("touched", Utc, nullable=False, comment="the last sign of life of whoever works on it"),
    Column("state", String(20), nullable=False, comment="reading, ready, refused, writing, done, failed"),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("duties", Integer, nullable=False, comment="1: a visit this week for each assigned pupil"),
    Column("summary", Json, comment="figures, counts, problems with ID numbers masked"),
    Column("error", Text),
    Index("ix_import_jobs_created", "created"),
)

import_files = Table(
    "import_files",
    metadata,
    Column("school_id", Id, primary_key=True),
    Column("job_id", Id, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["school_id", "job_id"], ["import_jobs.school_id", "import_jobs.id"], ondelete="CASCADE"
    ),
)
"""The uploaded files between the preview and the end; then they are deleted."""
