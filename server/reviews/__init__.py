"""What came in: the office reads records, approves them, returns them, and settles disagreements (审核)."""
