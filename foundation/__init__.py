"""The ground floor, which every package may import and which imports none of ours: the contract, the settings, what the
yml beside models and seeds declares, the list of languages, YAML as text, and the error that a command shows."""
