"""Ways to reach people: one file per kind of channel, and the outbox that each channel has to itself."""
