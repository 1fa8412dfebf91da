"""A changed site, applied to the running daemon: what differs, the change itself, the watch over it, the way back."""
