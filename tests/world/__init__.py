"""The turn in a simulated world: the real gateway between providers, a Redis and a database that all misbehave.

Everything runs on one event loop of our own, in virtual time, and every choice comes from a seed. `docs/world.md` says
how to run it and how to read what it prints.
"""
