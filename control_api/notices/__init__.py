"""What people are told: an inbox, and mail."""
