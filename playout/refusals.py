"""What is said to somebody who asked for what cannot be done or is not there."""

from __future__ import annotations


class Unanswered(Exception):
    """Says why, and what to do instead: a command prints it, and ends with 1."""
