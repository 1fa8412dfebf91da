"""The site: read from its files, checked whole, made into a plan of devices, points, outputs and rules."""
