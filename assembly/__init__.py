"""Where the packages meet: the commands for which one of them is not enough. They import it; none imports this."""
