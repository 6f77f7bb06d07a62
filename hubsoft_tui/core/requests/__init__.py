"""One request's way to HubSoft and back: token, wire, retries, breaker, health."""
