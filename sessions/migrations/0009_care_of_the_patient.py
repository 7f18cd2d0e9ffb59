"""A product despite an allergy, the chaperone and consent by region: frozen with the note they belong to."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.db import migrations, models


FREEZE = """
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON treatment_sessions_productreason
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON treatment_sessions_chaperone
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON treatment_sessions_regionconsent
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
"""
UNFREEZE = """
DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_productreason;
DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_chaperone;
DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_regionconsent;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('treatment_sessions', '0008_plans_of_care'),
    ]

    operations = [
        migrations.CreateModel(
            name='Chaperone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('answer', models.CharField(choices=[('offered', 'Offered, not answered yet'), ('present', 'Present'), ('declined', 'Offered and declined')], max_length=8)),
                ('name', models.CharField(blank=True, default='', max_length=120)),
                ('session', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='chaperone', to='treatment_sessions.treatmentsession')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('answer__in', ['offered', 'present', 'declined'])), name='chaperone_answer_known'), models.CheckConstraint(condition=models.Q(('answer', 'present'), ('name', ''), _connector='XOR'), name='chaperone_present_has_a_name')],
            },
        ),
        migrations.CreateModel(
            name='ProductReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('product', models.CharField(max_length=80)),
                ('reason', models.CharField(max_length=300)),
                ('rule_ids', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, size=None)),
                ('allergy_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), blank=True, default=list, size=None)),
                ('session', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='product_reason', to='treatment_sessions.treatmentsession')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('product', ''), _negated=True)), name='product_reason_says_why'), models.CheckConstraint(condition=models.Q(('allergy_ids', []), ('rule_ids', []), _negated=True), name='product_reason_answers_something')],
            },
        ),
        migrations.CreateModel(
            name='RegionConsent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('region', models.CharField(max_length=40)),
                ('answer', models.CharField(choices=[('given', 'Agreed'), ('refused', 'Refused'), ('withdrawn', 'Agreed, then withdrawn')], max_length=9)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='region_consents', to='treatment_sessions.treatmentsession')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('session', 'region'), name='region_consent_once_per_session'), models.CheckConstraint(condition=models.Q(('answer__in', ['given', 'refused', 'withdrawn'])), name='region_consent_answer_known')],
            },
        ),
        migrations.RunSQL(FREEZE, UNFREEZE),
    ]
