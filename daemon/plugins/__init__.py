"""Third-party drivers: each in a process of its own that can do little, behind a proxy that believes nothing."""
