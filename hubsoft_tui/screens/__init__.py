"""One Textual screen per job."""
