"""Who does it: lines, image, rules at work, arbiter, alarms, journal, feeds, local API, supervision."""
