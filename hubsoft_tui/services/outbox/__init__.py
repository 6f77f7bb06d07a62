"""Outbox: what a person writes to HubSoft, kept before it is sent, so that it is neither lost nor doubled."""
