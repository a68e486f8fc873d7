"""Who is one person: likely pairs that a person judges, why records were joined, and what was decided by hand."""
