"""Figures: what is watched, for how long, by how many and how well; counted from sessions, by day, and of nobody."""
