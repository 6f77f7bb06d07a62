"""Settings and secrets: one typed tree, and the files and variables it is read from."""
