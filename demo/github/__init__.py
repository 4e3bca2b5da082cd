"""The stand-in for GitHub: a real bare git repository behind the parts of its API that we use."""
