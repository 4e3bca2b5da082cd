"""The outside world: GitHub."""
