"""What was answered, what it came to and who attested a licence are kept as they were: the database itself refuses
a change. An attestation is withdrawn, nothing else; a measurement only notes that one more score was added."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION outcomes_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - ARRAY['updated_at', 'withdrawn_at']
        = to_jsonb(OLD) - ARRAY['updated_at', 'withdrawn_at'] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'this row is kept as it was' USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0];
END $$;
CREATE TRIGGER measurement_is_frozen BEFORE UPDATE OR DELETE ON outcomes_measurement
    FOR EACH ROW EXECUTE FUNCTION outcomes_refuse_change('measurement_is_frozen');
CREATE TRIGGER measurement_score_is_frozen BEFORE UPDATE OR DELETE ON outcomes_measurementscore
    FOR EACH ROW EXECUTE FUNCTION outcomes_refuse_change('measurement_score_is_frozen');
CREATE TRIGGER licence_attestation_is_frozen BEFORE UPDATE OR DELETE ON outcomes_licenceattestation
    FOR EACH ROW EXECUTE FUNCTION outcomes_refuse_change('licence_attestation_is_frozen');
"""
BACKWARD = """
DROP TRIGGER measurement_is_frozen ON outcomes_measurement;
DROP TRIGGER measurement_score_is_frozen ON outcomes_measurementscore;
DROP TRIGGER licence_attestation_is_frozen ON outcomes_licenceattestation;
DROP FUNCTION outcomes_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0002_measures_and_licences")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
