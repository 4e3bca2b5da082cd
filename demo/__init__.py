"""The demonstration: the product used from outside, against a stand-in for GitHub."""
