"""The faces: the command line. It reaches the daemon over its local API, never by import."""
