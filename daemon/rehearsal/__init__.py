"""A site in virtual time: its rules are given a timetable, or the readings of another day, and nothing real moves."""
