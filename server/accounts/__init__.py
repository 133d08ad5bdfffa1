"""Accounts: who can sign in, from which devices, and what stops a guesser."""
