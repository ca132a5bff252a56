"""Channels over the API: the file in which they stand, what edits it, and the reports of what they air."""
