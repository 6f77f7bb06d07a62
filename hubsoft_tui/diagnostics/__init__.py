"""The log and the crash report: both redacted, both private to their owner."""
