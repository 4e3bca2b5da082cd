"""The rules of commit graphs, releases, issues and people; no network, no clock, no HTTP."""
