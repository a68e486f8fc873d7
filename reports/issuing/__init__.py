"""Reports issued once and restated in the open: bundles in force, their revisions, what differs between two of them
or from a warehouse built again. Which warehouse is read is the caller's to know."""
