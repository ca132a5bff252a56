"""Playing: sessions, heartbeats, what was seen, and what is to be watched on."""
