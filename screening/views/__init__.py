"""Pages of screening: the patient's intake, and the therapist's review."""
