"""Bender."""
