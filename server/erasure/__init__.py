"""Erasing a pupil (删除学生): the records, their history, and what names the pupil in records of others.

A tombstone without a name stays, so that neither a restore nor an old phone brings the pupil back.
"""
