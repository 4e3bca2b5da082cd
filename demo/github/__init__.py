"""The stand-in for GitHub: a real bare git repository behind the parts of its API that we use.

with StandIn(directory) as github:
    acme = github.account("acme", type="Organization")
    repo = github.repository(acme, "web")
    github.install(acme)
    github.push(repo, "refs/heads/main", repo.git.commit({"cart.py": "..."}, message="Start"))
    github.send_all("http://127.0.0.1:8000/webhooks/github")
"""

from demo.github.accounts import Account
from demo.github.app import Installation
from demo.github.deliveries import Attempt, Delivery
from demo.github.git import BareRepository
from demo.github.pulls import Pull
from demo.github.pushes import NonFastForward
from demo.github.releases import Release
from demo.github.repositories import Repository
from demo.github.server import StandIn

__all__ = [
    "Account",
    "Attempt",
    "BareRepository",
    "Delivery",
    "Installation",
    "NonFastForward",
    "Pull",
    "Release",
    "Repository",
    "StandIn",
]
