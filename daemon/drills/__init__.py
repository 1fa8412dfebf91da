"""Drills and walk tests: what only looks like an alarm, kept apart from what is one."""
