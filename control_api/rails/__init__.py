"""Rails: the rows of the home page, and what is in each of them for whoever asks."""
