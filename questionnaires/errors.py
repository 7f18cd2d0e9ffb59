"""What questionnaires refuse."""

from clinic.core.errors import ClinicError, Conflict


class AlreadySubmitted(Conflict):
    """A submitted response is frozen."""

    code = "response_already_submitted"
    title = "Already sent"
    message = "These answers were already sent. Ask the clinic for a new form if something has changed."


class QuestionnaireRetired(Conflict):
    """The version being answered is no longer in use. What was saved stays saved."""

    code = "questionnaire_retired"
    title = "This form was replaced"
    message = "A newer version of this form is in use. Your saved answers are kept; ask the clinic for a new link."


class NoSuchForm(ClinicError):
    """No published version of this key."""

    code = "no_such_questionnaire"
    http_status = 422
    title = "No such form"
    message = "No form called {key} is in use. Publish it first: manage.py load_questionnaires."


class BadDefinition(ClinicError):
    """A form that cannot be published; `fields` maps a path to what is wrong there."""

    code = "bad_questionnaire"
    http_status = 422
    title = "The form cannot be used"
    message = "Some parts of the form are wrong; each is named."


class NotADraft(Conflict):
    """Only a draft is published or thrown away; what was in use stays as it was."""

    code = "questionnaire_not_a_draft"
    title = "Not a draft"
    message = "This version was in use already and never changes. Import it again as a new version."


class NotInUse(Conflict):
    """Only what is in use can be put out of use."""

    code = "questionnaire_not_in_use"
    title = "Not in use"
    message = "This version is a draft: nobody is asked it. Discard it instead."
