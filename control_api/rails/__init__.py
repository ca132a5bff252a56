"""Rails: the rows of titles and channels of which a home page is made."""
