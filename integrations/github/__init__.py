"""GitHub: app authentication, client, payloads, webhook handlers, history import."""
