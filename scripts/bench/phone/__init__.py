"""Measures taken in Chromium: the phone's store and its first sync, beside plain rows and PouchDB."""
