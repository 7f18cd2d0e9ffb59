"""Pages of messaging: the staff's ledger, and the patients' door."""
