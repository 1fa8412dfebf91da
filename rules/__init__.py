"""One file per kind of rule, named as the site file names it."""
