"""Whether a patient may and can be reached, asked at the moment of sending."""

from dataclasses import dataclass

from messaging.catalogue import Template
from patients.models import Channel, Consent, ConsentKind, Patient


@dataclass(frozen=True)
class Reach:
    """An e-mail address to use, or the code of why there is none. `note` is kept with a sent message."""

    address: str = ""
    refusal: str = ""
    note: str = ""


def reach(patient: Patient, template: Template) -> Reach:
    """Where this text may go. Silence is consent for what the clinic must tell; a refusal never is."""
    refusal = _standing_refusal(patient, template)
    if refusal:
        return Reach(refusal=refusal)
    may_mail = Consent.objects.standing(patient, ConsentKind.EMAIL)
    if patient.channel == Channel.SMS:
        # E-mail is not what they chose, so here silence is not enough.
        if may_mail is True and patient.email:
            return Reach(address=patient.email, note="email_instead_of_sms")
        return Reach(refusal="no_sms_provider")
    if may_mail is False:
        return Reach(refusal="email_refused")
    return Reach(address=patient.email) if patient.email else Reach(refusal="no_address")


def _standing_refusal(patient: Patient, template: Template) -> str:
    if patient.died_on is not None:
        return "patient_died"
    if patient.channel == Channel.NONE:
        return "channel_none"
    if template.consent and Consent.objects.standing(patient, template.consent) is False:
        return f"{template.consent}_refused"
    return ""
