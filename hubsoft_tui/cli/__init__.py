"""The headless commands: the same services as the screens, one file a command."""
