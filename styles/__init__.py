"""How the console looks: Textual CSS, read by the screens that it dresses."""
