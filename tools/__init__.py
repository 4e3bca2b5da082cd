"""What contributors run from a checkout; no part of the product."""
