"""Contract suites: what every plug-in of a kind must do. Subclass one in a test module of yours."""
