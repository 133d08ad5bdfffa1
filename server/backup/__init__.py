"""`zoufang backup` and `zoufang restore`: everything a school has, in one file that both databases read.

The file is rows, not a copy of database files: what SQLite wrote, PostgreSQL can take in, and the other way
round, so a school that outgrows the embedded database moves with a backup and a restore.
"""
