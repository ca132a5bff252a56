"""People: who they are, how they prove it, and how they are shut out."""
