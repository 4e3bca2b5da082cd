"""When and where work runs: queue, leases, retries, schedule.

The rows are the truth: a delivery that is received, a `Work` whose `due_at` has come. A message in
the queue only says "look": it names no row, so it can be lost or doubled freely, rows are worked
off in the order in which they became due, and the sweep replaces whatever a crash kept from being
sent. Callers set their row due, commit, and `enqueue`; tests `drain`.
"""

from jobs.runtime import Runtime, enqueue
from jobs.tasks import drain

__all__ = ["Runtime", "drain", "enqueue"]
