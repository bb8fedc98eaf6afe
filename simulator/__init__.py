"""A phone for testers: it dials, types and shows screens, over the providers' own wire formats."""
