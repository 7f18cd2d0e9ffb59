"""The pages of scheduling: diary, booking, a visit; and the patient's own page."""
