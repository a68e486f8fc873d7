"""The way back from damage: what is sound, a rebuild from raw, copies of a home, what may be thrown away."""
