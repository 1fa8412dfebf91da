"""Lingxun (凌讯电力)."""
