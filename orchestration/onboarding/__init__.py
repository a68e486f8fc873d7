"""The front door: what files of an unknown system are, the mapping proposed for them, what it would load, which sources
there are. Nothing here imports dbt, Dagster or Great Expectations, and nothing is loaded."""
