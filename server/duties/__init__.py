"""Duties (应访): which pupil is to be visited by whom, until when, and what counts as done."""
