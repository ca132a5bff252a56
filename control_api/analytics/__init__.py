"""What is watched: views, figures by day, and how playing went."""
