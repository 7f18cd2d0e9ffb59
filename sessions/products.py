"""An oil, gel or lotion held against the patient's allergies and flags. A match asks; a miss clears nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from patients.models import Allergy, AllergyCategory
from screening.medicines import normalise
from screening.treatment import EXCUSED_BY_THERAPIST, OBJECTIONS, Treatment
from sessions.errors import ProductAllergy, TreatmentBarred
from sessions.models import ProductReason, TreatmentSession
from sessions.treatments import lubricant_in, objections_to

# Words of a product's name that say it belongs to a category of the allergy list (terms of rule CI-09).
_WORDS = {
    AllergyCategory.OIL.value: ("oil", "oils"),
    AllergyCategory.GEL.value: ("gel", "gels"),
    AllergyCategory.LOTION.value: ("lotion", "lotions", "cream", "creams"),
    AllergyCategory.FRAGRANCE.value: ("fragrance", "perfume", "scent", "scented", "perfumed"),
    AllergyCategory.NUT.value: (
        "nut", "nuts", "peanut", "peanuts", "almond", "almonds", "coconut", "hazelnut", "walnut", "macadamia",
    ),
    AllergyCategory.LANOLIN.value: ("lanolin", "wool"),
    AllergyCategory.LATEX.value: ("latex",),
    AllergyCategory.ADHESIVE.value: ("adhesive", "tape", "plaster"),
}  # fmt: skip
# Too common in names of substances to mean the same thing by themselves.
_FILLERS = {"allergy", "allergic", "and", "any", "for", "from", "the", "products", "product", "skin", "with", "unknown"}
_SHORTEST = 3


@dataclass(frozen=True)
class ProductWarning:
    """What speaks against the product of a note, and the reason that answers it, if one is written."""

    product: str
    allergies: list[Allergy]
    objections: list[str]
    rule_ids: list[str]
    reason: ProductReason | None
    is_answered: bool
    # A clearance excludes it: the clinical lead's to decide.
    lead_decides: bool

    @property
    def objection_words(self) -> list[str]:
        return [OBJECTIONS[code] for code in self.objections]


def matching_allergies(product: str, allergies: Iterable[Allergy]) -> list[Allergy]:
    """The allergies a product's name speaks of, by category or by any telling word of the substance."""
    words = set(normalise(product).split())
    return [one for one in allergies if words & _telling_words(one)]


def product_warning(session: TreatmentSession) -> ProductWarning | None:
    """None: no product, or nothing on record speaks against it."""
    treatment = lubricant_in(session)
    if treatment is None:
        return None
    reason = reason_for(session)
    bare = Treatment(region="", kinds=treatment.kinds)
    found = objections_to(session, [bare])
    standing = Allergy.objects.filter(patient=session.patient, ended_on=None).order_by("pk")
    allergies = matching_allergies(session.lubricant, standing)
    if not found and not allergies:
        return None
    rule_ids = list(dict.fromkeys(one.rule_id for one in found))
    reasons = list(dict.fromkeys(one.reason for one in found))
    return ProductWarning(
        product=session.lubricant,
        allergies=allergies,
        objections=reasons,
        rule_ids=rule_ids,
        reason=reason,
        is_answered=reason is not None
        and all(treatment.excuses(one.rule_id, one.reason) for one in found)
        and {one.public_id for one in allergies} <= set(reason.allergy_ids),
        lead_decides=not set(reasons) <= EXCUSED_BY_THERAPIST,
    )


def product_of(session: TreatmentSession) -> ProductWarning | None:
    """What a page shows: of a draft what speaks against the product now, of a signed note what was answered then."""
    if not session.is_signed:
        return product_warning(session)
    reason = reason_for(session)
    if reason is None:
        return None
    answered = Allergy.objects.filter(patient=session.patient, public_id__in=reason.allergy_ids)
    return ProductWarning(session.lubricant, list(answered), [], list(reason.rule_ids), reason, True, False)


def reason_for(session: TreatmentSession) -> ProductReason | None:
    """The reason, while the note still names the product it was written for."""
    return ProductReason.objects.filter(session=session, product=session.lubricant).first()


def require_answered(session: TreatmentSession) -> None:
    """Raises ProductAllergy, or TreatmentBarred for a flag, while the product has no written reason."""
    warning = product_warning(session)
    if warning is None or warning.is_answered:
        return
    if warning.allergies:
        raise ProductAllergy(allergy_ids=[str(one.public_id) for one in warning.allergies])
    raise TreatmentBarred(reasons=warning.objections, rule_ids=warning.rule_ids)


def _telling_words(allergy: Allergy) -> set[str]:
    named = {word for word in normalise(allergy.substance).split() if len(word) >= _SHORTEST} - _FILLERS
    plural = {word.removesuffix("s") for word in named} | {f"{word}s" for word in named}
    return named | plural | set(_WORDS.get(allergy.category, ()))
