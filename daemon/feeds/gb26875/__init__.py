"""What a fire monitoring centre is told and asks, by GB/T 26875.3: `carriers/gb26875.py` is the carrier itself."""
