"""Page addresses of screening."""

from django.urls import path

from screening.views import alarms, at_visit, calls, clearances, intake, own_forms, review

app_name = "screening"
urlpatterns = [
    path("patients/<uuid:public_id>/screening/", review.patient, name="patient"),
    path("patients/<uuid:public_id>/screening/send-intake/", review.send_intake, name="send-intake"),
    path("patients/<uuid:public_id>/screening/run/", review.screen, name="screen"),
    path("patients/<uuid:public_id>/at-visit/", at_visit.at_visit, name="at-visit"),
    path("patients/<uuid:public_id>/alarm/", alarms.alarm, name="alarm"),
    path("patients/<uuid:public_id>/call-in/", calls.call_in, name="call-in"),
    path("call-ins/<uuid:public_id>/", calls.call, name="call"),
    path("patients/<uuid:public_id>/clearance-requests/new/", clearances.ask, name="ask-clearance"),
    path("clearance-requests/<uuid:public_id>/letter/", clearances.letter, name="clearance-letter"),
    path("clearance-requests/<uuid:public_id>/withdraw/", clearances.withdraw, name="withdraw-request"),
    path("clearance-requests/<uuid:public_id>/refusal/", clearances.refusal, name="clearance-refusal"),
    path("intakes/<uuid:public_id>/accept/", review.accept, name="accept"),
    path("flags/<uuid:public_id>/clear/", review.clear, name="clear"),
    path("flags/<uuid:public_id>/reopen/", review.reopen, name="reopen"),
    path("flags/<uuid:public_id>/acknowledge/", review.acknowledge, name="acknowledge"),
    path("changes/<uuid:public_id>/look/", review.look_at_changes, name="look-at-changes"),
    path("setup/questionnaires/", own_forms.forms, name="forms"),
    path("setup/questionnaires/import/", own_forms.import_form, name="form-import"),
    path("setup/questionnaires/<uuid:public_id>/", own_forms.form, name="form"),
    path("setup/questionnaires/<uuid:public_id>/json/", own_forms.definition, name="form-json"),
    path("setup/questionnaires/<uuid:public_id>/publish/", own_forms.publish, name="form-publish"),
    path("setup/questionnaires/<uuid:public_id>/retire/", own_forms.retire, name="form-retire"),
    path("setup/questionnaires/<uuid:public_id>/discard/", own_forms.discard, name="form-discard"),
    path("p/intake/", intake.intake, name="intake"),
    path("p/intake/review/", intake.intake_review, name="intake-review"),
    path("p/intake/send/", intake.intake_send, name="intake-send"),
    path("p/intake/done/", intake.intake_done, name="intake-done"),
    path("p/intake/language/", intake.intake_language, name="intake-language"),
    path("p/intake/pages/<slug:page>/", intake.intake_page, name="intake-page"),
]
