"""A signed note and everything that hangs on it cannot be changed, whoever asks: ORM, bulk or raw SQL.

Each refusal is raised as a check violation with a constraint name, so it arrives as an ordinary named IntegrityError.
Findings take a share lock on their session first: a finding written while the session is being signed waits for the
signature and is then refused, so what was hashed is what stays.

TRUNCATE fires no row trigger. A statement trigger against it would also stop the test runner's flush, and the owner of
a table can drop any trigger: what keeps TRUNCATE away is that the web and worker roles do not own the tables. That
separation of database roles is a deployment matter and is not made here.
"""

from django.db import migrations

FREEZE_SESSION = """
CREATE FUNCTION treatment_sessions_freeze_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'signed' THEN
        RAISE EXCEPTION 'a signed session is frozen'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'session_signed_is_frozen', TABLE = TG_TABLE_NAME;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER session_signed_is_frozen BEFORE UPDATE OR DELETE ON treatment_sessions_treatmentsession
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_session();
"""
UNFREEZE_SESSION = """
DROP TRIGGER session_signed_is_frozen ON treatment_sessions_treatmentsession;
DROP FUNCTION treatment_sessions_freeze_session();
"""

FREEZE_FINDINGS = """
CREATE FUNCTION treatment_sessions_freeze_finding() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent bigint;
    parent_state text;
    parents bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        parents := ARRAY[NEW.session_id];
    ELSIF TG_OP = 'DELETE' OR OLD.session_id = NEW.session_id THEN
        parents := ARRAY[OLD.session_id];
    ELSE
        parents := ARRAY[least(OLD.session_id, NEW.session_id), greatest(OLD.session_id, NEW.session_id)];
    END IF;
    FOREACH parent IN ARRAY parents LOOP
        SELECT state INTO parent_state FROM treatment_sessions_treatmentsession WHERE id = parent FOR SHARE;
        IF parent_state = 'signed' THEN
            RAISE EXCEPTION 'the findings of a signed session are frozen'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'session_signed_findings_are_frozen',
                      TABLE = TG_TABLE_NAME;
        END IF;
    END LOOP;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE
    ON treatment_sessions_triggerpointobservation
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE
    ON treatment_sessions_rangeofmotion
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE
    ON treatment_sessions_techniqueuse
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
"""
UNFREEZE_FINDINGS = """
DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_triggerpointobservation;
DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_rangeofmotion;
DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_techniqueuse;
DROP FUNCTION treatment_sessions_freeze_finding();
"""

FREEZE_ADDENDA = """
CREATE FUNCTION treatment_sessions_keep_addendum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    parent_state text;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'an addendum is never changed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'addendum_is_append_only', TABLE = TG_TABLE_NAME;
    END IF;
    SELECT state INTO parent_state FROM treatment_sessions_treatmentsession WHERE id = NEW.session_id FOR SHARE;
    IF parent_state IS DISTINCT FROM 'signed' THEN
        RAISE EXCEPTION 'an addendum needs a signed session'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'addendum_needs_a_signed_session', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER addendum_is_append_only BEFORE INSERT OR UPDATE OR DELETE ON treatment_sessions_addendum
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_keep_addendum();
"""
UNFREEZE_ADDENDA = """
DROP TRIGGER addendum_is_append_only ON treatment_sessions_addendum;
DROP FUNCTION treatment_sessions_keep_addendum();
"""

FIX_POINTS = """
CREATE FUNCTION treatment_sessions_fix_point() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.patient_id, OLD.muscle, OLD.side, OLD.view, OLD.x, OLD.y, OLD.place, OLD.public_id)
            IS DISTINCT FROM
       (NEW.patient_id, NEW.muscle, NEW.side, NEW.view, NEW.x, NEW.y, NEW.place, NEW.public_id)
       AND EXISTS (
            SELECT 1 FROM treatment_sessions_triggerpointobservation AS observation
            JOIN treatment_sessions_treatmentsession AS session ON session.id = observation.session_id
            WHERE observation.trigger_point_id = OLD.id AND session.state = 'signed')
    THEN
        RAISE EXCEPTION 'a trigger point seen in a signed session stays where it is'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'trigger_point_signed_stays_in_place',
                  TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER trigger_point_signed_stays_in_place BEFORE UPDATE ON treatment_sessions_triggerpoint
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_fix_point();
"""
UNFIX_POINTS = """
DROP TRIGGER trigger_point_signed_stays_in_place ON treatment_sessions_triggerpoint;
DROP FUNCTION treatment_sessions_fix_point();
"""


class Migration(migrations.Migration):
    dependencies = [("treatment_sessions", "0001_initial")]

    operations = [
        migrations.RunSQL(FREEZE_SESSION, UNFREEZE_SESSION),
        migrations.RunSQL(FREEZE_FINDINGS, UNFREEZE_FINDINGS),
        migrations.RunSQL(FREEZE_ADDENDA, UNFREEZE_ADDENDA),
        migrations.RunSQL(FIX_POINTS, UNFIX_POINTS),
    ]
