"""The monthly report: bundle, page, PDF, mail; each report is a folder of data and templates."""
