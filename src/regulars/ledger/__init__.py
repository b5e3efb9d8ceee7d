"""Cards and their ledger: stamps, rewards and points. The only writer of balances."""
