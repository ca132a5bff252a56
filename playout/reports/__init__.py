"""What can be asked of a station: what aired, what comes, why, and what an edit would change."""
