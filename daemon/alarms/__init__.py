"""Alarms: their life from the first rise to the close, and what sets them apart for a while."""
