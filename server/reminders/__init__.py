"""Reminders: who is told that a visit (走访) is due, when, and over which channel."""
