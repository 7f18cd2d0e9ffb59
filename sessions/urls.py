"""Page addresses of sessions."""

from django.urls import path

from sessions.views import (
    care,
    carrying,
    changes,
    cosigning,
    findings,
    my_day,
    note,
    pains,
    patient,
    plans,
    safety,
    snippets,
)

app_name = "sessions"
_EPISODE = "episodes/<uuid:public_id>"
_SESSION = "sessions/<uuid:public_id>"
urlpatterns = [
    path("my-day/", my_day.my_day, name="my-day"),
    path("appointments/<uuid:public_id>/start/", my_day.start, name="start"),
    path("patients/<uuid:public_id>/sessions/", patient.patient, name="patient"),
    path("patients/<uuid:public_id>/adverse-events/new/", safety.new_event, name="new-event"),
    path(f"{_EPISODE}/plan/", plans.plan, name="plan"),
    path(f"{_EPISODE}/plan/edit/", plans.edit_plan, name="edit-plan"),
    path(f"{_EPISODE}/ratings/", plans.rate, name="rate-goal"),
    path(f"{_EPISODE}/discharge/", plans.discharge, name="discharge"),
    path("co-signatures/<uuid:public_id>/", cosigning.co_signature, name="co-signature"),
    path("adverse-events/", safety.events, name="events"),
    path("adverse-events/<uuid:event_id>/", safety.event, name="event"),
    path("adverse-events/<uuid:event_id>/versions/<int:number>/correct/", safety.correct_event, name="correct-event"),
    path("adverse-events/<uuid:event_id>/seen/", safety.acknowledge, name="acknowledge-event"),
    path(f"{_SESSION}/", note.session, name="session"),
    path(f"{_SESSION}/pdf/", note.printed, name="note-pdf"),
    path(f"{_SESSION}/changes/", changes.record, name="changes"),
    path(f"{_SESSION}/product/", care.explain_product, name="explain-product"),
    path(f"{_SESSION}/chaperone/", care.chaperone, name="chaperone"),
    path(f"{_SESSION}/consents/", care.consent, name="consent"),
    path(f"{_SESSION}/consents/<uuid:row_id>/remove/", care.remove_consent, name="remove-consent"),
    path(f"{_SESSION}/no-effect/", safety.no_effect, name="no-effect"),
    path(f"{_SESSION}/note/", note.save, name="save-note"),
    path(f"{_SESSION}/sign/", note.sign, name="sign"),
    path(f"{_SESSION}/copy-forward/", carrying.copy_forward, name="copy-forward"),
    path(f"{_SESSION}/carried/", carrying.unconfirmed, name="carried"),
    path(f"{_SESSION}/carried/<uuid:row_id>/confirm/", carrying.confirm, name="confirm-carried"),
    path(f"{_SESSION}/carried/<uuid:row_id>/drop/", carrying.drop, name="drop-carried"),
    path(f"{_SESSION}/addenda/", note.add_addendum, name="add-addendum"),
    path("snippets/", snippets.snippets, name="snippets"),
    path("snippets/<uuid:public_id>/remove/", snippets.remove, name="remove-snippet"),
    path(f"{_SESSION}/pains/", pains.add, name="add-pain"),
    path(f"{_SESSION}/pains/<uuid:row_id>/", pains.change, name="change-pain"),
    path(f"{_SESSION}/pains/<uuid:row_id>/remove/", pains.remove, name="remove-pain"),
    path(f"{_SESSION}/trigger-points/new/", findings.new_point, name="new-point"),
    path(f"{_SESSION}/trigger-points/<uuid:point_id>/", findings.known_point, name="known-point"),
    path(f"{_SESSION}/observations/<uuid:row_id>/remove/", findings.remove_point, name="remove-point"),
    path(f"{_SESSION}/motions/", findings.add_motion, name="add-motion"),
    path(f"{_SESSION}/motions/<uuid:row_id>/remove/", findings.remove_motion, name="remove-motion"),
    path(f"{_SESSION}/techniques/", findings.add_technique, name="add-technique"),
    path(f"{_SESSION}/techniques/<uuid:row_id>/remove/", findings.remove_technique, name="remove-technique"),
]
