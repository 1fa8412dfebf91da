"""Simulated devices, one file each, named as the profile or the driver that reads them (`-` is written `_`)."""
