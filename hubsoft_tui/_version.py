"""The version, alone in its file: whoever needs it stands on no other module."""

__version__ = "0.2.0"
