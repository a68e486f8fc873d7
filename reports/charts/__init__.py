"""Figures of a bundle as drawings: a file for each family of charts, with what they are drawn with."""
