"""The record: append-only, numbered without gaps, chained by hash, synced before anyone is told."""
