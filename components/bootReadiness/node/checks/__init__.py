"""One check each: the docstring of the file says which fault it finds."""
