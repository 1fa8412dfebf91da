"""Patrol phones: alarm cards out, signed answers in."""
