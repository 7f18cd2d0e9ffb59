"""What a draft carried over and nobody has confirmed; the database signs no session that still has some."""

import django.db.models.deletion
import uuid
from django.db import migrations, models

# The function of 0002: nothing is carried into a signed session, and a row waits for a signature that is under way.
FREEZE = """
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON treatment_sessions_carriedvalue
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
"""
THAW = "DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_carriedvalue;"

CONFIRM_FIRST = """
CREATE FUNCTION treatment_sessions_confirm_first() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM treatment_sessions_carriedvalue WHERE session_id = NEW.id) THEN
        RAISE EXCEPTION 'a session with unconfirmed values is not signed'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'session_signed_has_nothing_unconfirmed',
                  TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER session_signed_has_nothing_unconfirmed BEFORE UPDATE ON treatment_sessions_treatmentsession
    FOR EACH ROW WHEN (OLD.state <> 'signed' AND NEW.state = 'signed')
    EXECUTE FUNCTION treatment_sessions_confirm_first();
"""
CONFIRM_NOTHING = """
DROP TRIGGER session_signed_has_nothing_unconfirmed ON treatment_sessions_treatmentsession;
DROP FUNCTION treatment_sessions_confirm_first();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('treatment_sessions', '0004_findings_in_full'),
    ]

    operations = [
        migrations.CreateModel(
            name='CarriedValue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('note_field', models.CharField(blank=True, default='', max_length=10)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='carried', to='treatment_sessions.treatmentsession')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='treatment_sessions.treatmentsession')),
                ('technique_use', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='carried', to='treatment_sessions.techniqueuse')),
                ('trigger_point', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='treatment_sessions.triggerpoint')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('note_field', ''), ('technique_use__isnull', False), ('trigger_point', None)), models.Q(('note_field', ''), ('technique_use', None), ('trigger_point__isnull', False)), models.Q(('note_field__in', ('subjective', 'objective', 'assessment', 'plan', 'lubricant')), ('technique_use', None), ('trigger_point', None)), _connector='OR'), name='carried_value_is_one_thing'), models.UniqueConstraint(condition=models.Q(('note_field', ''), _negated=True), fields=('session', 'note_field'), name='carried_value_once_per_field'), models.UniqueConstraint(fields=('technique_use',), name='carried_value_once_per_technique'), models.UniqueConstraint(fields=('session', 'trigger_point'), name='carried_value_once_per_point')],
            },
        ),
        migrations.RunSQL(FREEZE, THAW),
        migrations.RunSQL(CONFIRM_FIRST, CONFIRM_NOTHING),
    ]
