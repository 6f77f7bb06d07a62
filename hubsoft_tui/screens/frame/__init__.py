"""What every screen stands in: base classes, the registry of actions, help, palette."""
