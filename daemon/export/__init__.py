"""Lines of the journal handed out as files, masked for who gets them, and checked again later."""
