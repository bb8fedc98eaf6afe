"""Servers of the tests' own, from the machine's binaries: killed, started again, stopped and let go on."""
