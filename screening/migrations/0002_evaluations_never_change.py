"""What the rules saw and said is kept as it was: the database itself refuses a change."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION evaluation_refuse_edit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an evaluation never changes'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'evaluation_is_frozen';
END $$;
CREATE TRIGGER evaluation_is_frozen BEFORE UPDATE OR DELETE ON screening_evaluation
    FOR EACH ROW EXECUTE FUNCTION evaluation_refuse_edit();
"""
BACKWARD = """
DROP TRIGGER evaluation_is_frozen ON screening_evaluation;
DROP FUNCTION evaluation_refuse_edit();
"""


class Migration(migrations.Migration):
    dependencies = [("screening", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
