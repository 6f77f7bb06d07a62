"""The table of the console: its lines, rows, columns and viewport."""
