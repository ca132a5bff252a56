"""What somebody may like: trending, popular, similar, and chosen for a profile."""
