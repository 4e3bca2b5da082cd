"""When and where work runs: queue, leases, retries, schedule."""
