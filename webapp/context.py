"""What the views of an application share; reached through `shiplog()` in a request or command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from jobs import Runtime
from webapp.app_check import AppCheck
from webapp.committer import Committer
from webapp.metrics import Metrics
from webapp.refusals import Refusals
from webapp.silence import Silence
from webapp.slow_bodies import SlowBodies

NAME = "shiplog"


@dataclass(frozen=True)
class Shiplog:
    runtime: Runtime
    committer: Committer
    metrics: Metrics
    slow_bodies: SlowBodies
    refusals: Refusals
    app_check: AppCheck
    silence: Silence

    def attach(self, app: Flask) -> None:
        app.extensions[NAME] = self

    def close(self) -> None:
        """Write what was handed over and close the connections, in that order."""
        self.slow_bodies.close()
        self.committer.close()
        self.runtime.close()


def shiplog(app: Flask | None = None) -> Shiplog:
    """The parts of *app*, by default of the application that handles this request."""
    return cast("Shiplog", (app or current_app).extensions[NAME])
