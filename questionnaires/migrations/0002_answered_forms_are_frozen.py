"""A published form and a submitted response never change: the database itself refuses."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION questionnaire_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.definition, NEW.key, NEW.number) IS DISTINCT FROM (OLD.definition, OLD.key, OLD.number) THEN
        RAISE EXCEPTION 'a published questionnaire never changes'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'questionnaire_published_is_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER questionnaire_published_is_frozen BEFORE UPDATE OR DELETE ON questionnaires_questionnaire
    FOR EACH ROW WHEN (OLD.status <> 'draft') EXECUTE FUNCTION questionnaire_refuse_edit();

CREATE FUNCTION questionnaire_response_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a submitted response never changes'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'questionnaire_response_submitted_is_frozen';
END $$;
CREATE TRIGGER questionnaire_response_submitted_is_frozen
    BEFORE UPDATE OR DELETE ON questionnaires_questionnaireresponse
    FOR EACH ROW WHEN (OLD.status = 'submitted') EXECUTE FUNCTION questionnaire_response_refuse_edit();
"""
BACKWARD = """
DROP TRIGGER questionnaire_published_is_frozen ON questionnaires_questionnaire;
DROP FUNCTION questionnaire_refuse_edit();
DROP TRIGGER questionnaire_response_submitted_is_frozen ON questionnaires_questionnaireresponse;
DROP FUNCTION questionnaire_response_refuse_edit();
"""


class Migration(migrations.Migration):
    dependencies = [("questionnaires", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
