"""Backups: the whole station as one archive, and back into an empty place."""
