"""Reports issued once and restated in the open: bundles in force, their revisions, what differs between two of them."""
