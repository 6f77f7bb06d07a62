"""Writing to HubSoft: forms, the last look, and the outbox."""
