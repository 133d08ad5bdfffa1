"""Vaults: what the server adds to a phone's locked store.

A share of its key, an outbox sealed to the server's own key, and the word that a device is to be wiped.
"""
