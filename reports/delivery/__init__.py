"""To whom reports go, the mails that carry them, how those leave, and the ledger by which each leaves once."""
