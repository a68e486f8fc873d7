"""Pulls: from a database or an API to files in the landing folder, from where the way is that of files people drop.

`declaration` is what a source's file says under `pull:`, and `presets/` what is known of systems; `run` takes the
sources of a day; `database` and `api` read, with dlt; `landing` writes files that appear whole; `state` remembers how
far a source is.
"""
