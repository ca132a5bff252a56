"""Assets: what is packaged, what people decide about it, and where it airs."""
