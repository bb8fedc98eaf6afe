"""A gateway killed by SIGKILL at every await and every commit of a turn that submits, of a delivery to the core, of an
SMS that leaves and of one that comes.

No list of places is kept: `points` finds them while the code runs, so a new await is among them untouched.
`python -m tests.kills` prints them.
"""
