"""Pages that the station writes: help, legal texts with their versions, and what people ask."""
