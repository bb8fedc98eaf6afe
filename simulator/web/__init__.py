"""The room in a browser: one page on the same verbs as the terminal's, over one WebSocket."""
