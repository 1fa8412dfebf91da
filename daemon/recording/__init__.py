"""Readings of the past, kept for a while and in a small space, so that changed rules can be tried on them."""
