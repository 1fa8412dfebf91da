"""One file per protocol, named as the site file names it. Bytes in, bytes out; see `_blueprint.py`."""
