"""A bundle as a page and a PDF, and the index over all that was issued."""
