"""Real players, over loopback, against the real server."""
