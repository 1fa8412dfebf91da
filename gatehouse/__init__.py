"""The words of gatehouse: pure data and the two plug-in contracts. No I/O, no asyncio, nothing of ours imported."""
