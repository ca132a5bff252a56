"""The library for people: what is known of titles, and how it reaches the air and comes from there."""
