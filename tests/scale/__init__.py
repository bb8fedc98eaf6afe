"""What a step costs at any size: a service written to measure, a caller's way through it, and the counts."""
