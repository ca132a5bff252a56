"""The plain page at `/`: the channels, a player, now and next, and the links to copy."""
