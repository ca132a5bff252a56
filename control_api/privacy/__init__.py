"""Privacy: what is kept of somebody, handed out to them, and removed when they go."""
