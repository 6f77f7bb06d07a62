"""The engine: token, memory, limiter, transport, health, and the thread it lives in."""
