"""What a setting would do before it does it: curves from the trace, advice, tuning by hand and self-tuning."""
