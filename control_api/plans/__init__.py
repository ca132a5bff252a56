"""Plans: what an account may, how it comes to it, and how it pays."""
