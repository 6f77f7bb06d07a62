"""The demo: the console over the embedded simulator, with a past of its own."""
