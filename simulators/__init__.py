"""Devices that answer as the real ones do, and whole estates of them. Nothing of ours is imported here."""
