"""The speed of the gateway beside a bare handler on the same machine: `make bench`, explained in docs/speed.md."""
