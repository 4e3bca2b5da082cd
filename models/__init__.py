"""Tables and their constraints; importing this package makes every table known."""

from models.base import Base, utcnow
from models.delivery import Delivery, DeliveryState
from models.installation import Branch, Installation, Repository, RepositoryProject
from models.organization import LoginLink, Organization, Project
from models.work import Work, WorkKind

__all__ = [
    "Base",
    "Branch",
    "Delivery",
    "DeliveryState",
    "Installation",
    "LoginLink",
    "Organization",
    "Project",
    "Repository",
    "RepositoryProject",
    "Work",
    "WorkKind",
    "utcnow",
]
