"""Waveshare."""
