"""A second signature is given once and stays: the database refuses to change or remove it."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


KEEP = """
CREATE FUNCTION treatment_sessions_keep_co_signature() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.signed_at IS NOT NULL OR NEW.session_id <> OLD.session_id THEN
        RAISE EXCEPTION 'a co-signature stays'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'co_signature_stays', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER co_signature_stays BEFORE UPDATE OR DELETE ON treatment_sessions_cosignature
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_keep_co_signature();
"""
NO_LONGER = """
DROP TRIGGER co_signature_stays ON treatment_sessions_cosignature;
DROP FUNCTION treatment_sessions_keep_co_signature();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('treatment_sessions', '0009_care_of_the_patient'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CoSignature',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('signed_at', models.DateTimeField(null=True)),
                ('content_digest', models.CharField(blank=True, default='', max_length=64)),
                ('remark', models.CharField(blank=True, default='', max_length=500)),
                ('session', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='co_signature', to='treatment_sessions.treatmentsession')),
                ('signed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('supervisor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('signed_at', None)), fields=['supervisor', 'created_at'], name='co_signature_waiting'), models.Index(fields=['-updated_at', '-id'], name='co_signature_by_change')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('content_digest', ''), ('remark', ''), ('signed_at', None), ('signed_by', None)), models.Q(('signed_at__isnull', False), ('signed_by__isnull', False), models.Q(('content_digest', ''), _negated=True)), _connector='OR'), name='co_signature_by_whom_when_and_of_what')],
            },
        ),
        migrations.RunSQL(KEEP, NO_LONGER),
    ]
