"""What is kept on disk, in SQLite, shared by every process on one home."""
