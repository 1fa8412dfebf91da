"""Alarms that reach someone: ladders that climb until a named person answers, and the proof of every message."""
