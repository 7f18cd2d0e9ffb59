"""Why a session act was refused."""

from __future__ import annotations

from clinic.core.errors import ClinicError


class AlreadySigned(ClinicError):
    """The note is frozen."""

    code = "session_already_signed"
    http_status = 409
    title = "Already signed"
    message = "This note is signed and cannot be changed. Write an addendum instead."


class NotSignedYet(ClinicError):
    """Addenda belong to signed notes."""

    code = "session_not_signed"
    http_status = 409
    title = "Not signed yet"
    message = "This note is still a draft: change the note itself instead of adding an addendum."


class NotTheAuthor(ClinicError):
    """A draft belongs to the therapist who gives the session."""

    code = "not_the_author"
    http_status = 403
    title = "Another therapist's note"
    message = "Only the therapist who started this note may change or sign it."


class NotArrived(ClinicError):
    """A session starts with a patient who is here."""

    code = "appointment_not_arrived"
    http_status = 409
    title = "Not arrived"
    message = "The patient is not marked as arrived. Mark the arrival first, then start the session."


class ScreeningBlocks(ClinicError):
    """A contraindication stands; `reasons` are codes without clinical content."""

    code = "screening_blocks_session"
    http_status = 409
    title = "Screening does not allow this session"
    message = "A flag stands against treatment or the screening is missing. Review it on the screening page first."


class Incomplete(ClinicError):
    """A note that does not say enough to be signed; `missing` names what."""

    code = "session_incomplete"
    http_status = 422
    title = "Not ready to sign"
    message = "Something is missing before this note can be signed."


class Unconfirmed(ClinicError):
    """Values of an earlier session stand in the note as if they were of today; `unconfirmed` names them."""

    code = "session_unconfirmed"
    http_status = 422
    title = "Not confirmed yet"
    message = "Some values come from an earlier session and nobody has confirmed that they are still so."


class NothingToCarry(ClinicError):
    """There is no earlier session to start from."""

    code = "nothing_to_carry"
    http_status = 409
    title = "No earlier session"
    message = "This patient has no earlier signed session to start from."


class TreatmentBarred(ClinicError):
    """A flag or a clearance speaks against a treatment; `reasons` are codes, `rule_ids` name the rules."""

    code = "treatment_barred"
    http_status = 409
    title = "Screening speaks against this treatment"
    message = (
        "A flag or a clearance speaks against this technique here. Say why it is done nevertheless, or choose another."
    )


class LeadDecides(ClinicError):
    """What a doctor excluded is not the therapist's to excuse."""

    code = "clinical_lead_decides"
    http_status = 403
    title = "Only the clinical lead can decide this"
    message = "A clearance or a device in the body excludes this. Only the clinical lead may record it, with a reason."


class NotSerious(ClinicError):
    """Only a serious event waits for a clinical lead."""

    code = "adverse_event_not_serious"
    http_status = 409
    title = "Not a serious event"
    message = "Only a serious event waits for the clinical lead."


class NothingToAskAbout(ClinicError):
    """The question is about the session before."""

    code = "no_earlier_session"
    http_status = 409
    title = "No earlier session"
    message = "There is no earlier signed session to ask about."


class EpisodeClosed(ClinicError):
    """What is discharged keeps the plan it had."""

    code = "episode_closed"
    http_status = 409
    title = "This episode is closed"
    message = "The patient was discharged from this episode. A new visit opens a new one."


class NotesUnsigned(ClinicError):
    """A discharge sums up signed notes."""

    code = "notes_unsigned"
    http_status = 409
    title = "A note waits for its signature"
    message = "Sign every note of this episode before you discharge the patient from it."


class ProductAllergy(ClinicError):
    """The product of the note matches an allergy; `allergy_ids` name the entries."""

    code = "product_allergy"
    http_status = 409
    title = "The patient may be allergic to the product"
    message = (
        "The oil, gel or lotion of this note matches the allergy list. Say why it is used nevertheless, or change it."
    )


class ConsentRefused(ClinicError):
    """Hands stay away from where the patient does not want them."""

    code = "consent_refused"
    http_status = 409
    title = "The patient refused this region"
    message = "The patient did not agree to treatment of this region. Ask again and note the new answer first."


class AlreadyCoSigned(ClinicError):
    """A note is co-signed once."""

    code = "already_co_signed"
    http_status = 409
    title = "Co-signed already"
    message = "This note bears its second signature already."


class NotWhatWasSigned(ClinicError):
    """A second signature would vouch for something its author has not signed."""

    code = "not_what_was_signed"
    http_status = 409
    title = "This is not what was signed"
    message = "The note differs from what its author signed. Do not co-sign it; tell your administrator."
