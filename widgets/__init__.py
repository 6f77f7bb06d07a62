"""What the console draws with: values in, messages out, no I/O."""
