"""The conditions the clinic treats: names, codes with their years of validity, measures, safety rules."""

from patients.catalogue.loading import CONDITIONS, Code, Term, TreatedCondition, condition_name, suggested_code

__all__ = ["CONDITIONS", "Code", "Term", "TreatedCondition", "condition_name", "suggested_code"]
