"""A gateway killed by SIGKILL at every await and every commit of a turn that submits, and of a delivery to the core.

No list of places is kept: `points` finds them while the code runs, so a new await is among them untouched.
`python -m tests.kills` prints them.
"""
