"""Unwanted effects: versions that are added and never changed, whoever asks."""

import django.contrib.postgres.fields
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


APPEND_ONLY = """
CREATE FUNCTION treatment_sessions_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this row is never changed'
        USING ERRCODE = 'check_violation', CONSTRAINT = TG_ARGV[0], TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER adverse_event_is_append_only BEFORE UPDATE OR DELETE ON treatment_sessions_adverseevent
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_append_only('adverse_event_is_append_only');
CREATE TRIGGER adverse_event_seen_is_append_only BEFORE UPDATE OR DELETE ON treatment_sessions_adverseeventseen
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_append_only('adverse_event_seen_is_append_only');
CREATE TRIGGER effect_check_is_append_only BEFORE UPDATE OR DELETE ON treatment_sessions_effectcheck
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_append_only('effect_check_is_append_only');
"""
NO_LONGER = """
DROP TRIGGER adverse_event_is_append_only ON treatment_sessions_adverseevent;
DROP TRIGGER adverse_event_seen_is_append_only ON treatment_sessions_adverseeventseen;
DROP TRIGGER effect_check_is_append_only ON treatment_sessions_effectcheck;
DROP FUNCTION treatment_sessions_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('outcomes', '0001_initial'),
        ('patients', '0001_initial'),
        ('treatment_sessions', '0006_regional_pains_and_snippets'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AdverseEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('event_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('number', models.PositiveSmallIntegerField(default=1)),
                ('correction_reason', models.CharField(blank=True, default='', max_length=300)),
                ('is_withdrawn', models.BooleanField(default=False)),
                ('kind', models.CharField(choices=[('soreness', 'Soreness for more than 48 hours'), ('bruise', 'Bruise'), ('haematoma', 'Haematoma'), ('skin_reaction', 'Skin reaction or allergy'), ('more_pain', 'Increased pain'), ('nerve', 'New numbness or weakness (nerve)'), ('dizziness', 'Dizziness or fainting'), ('headache', 'Headache'), ('fracture', 'Fracture'), ('clot', 'Deep-vein clot or embolism'), ('stroke_like', 'Stroke or signs like a TIA'), ('muscle_breakdown', 'Muscle breakdown'), ('fall', 'Fall in the clinic'), ('distress', 'Emotional distress'), ('burn', 'Burn (heat device)'), ('other', 'Other')], max_length=16)),
                ('severity', models.CharField(choices=[('major', 'Major: medium or long term, moderate to severe'), ('moderate', 'Moderate: medium or long term, moderate'), ('minor', 'Minor: short and mild'), ('not_adverse', 'Not adverse: expected and harmless')], max_length=11)),
                ('is_serious', models.BooleanField()),
                ('serious_because', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=11), blank=True, default=list, size=None)),
                ('onset_at', models.DateTimeField(null=True)),
                ('onset_hours', models.PositiveSmallIntegerField(null=True)),
                ('causality', models.CharField(choices=[('certain', 'Certain'), ('probable', 'Probable'), ('possible', 'Possible'), ('unlikely', 'Unlikely'), ('unclassified', 'Unclassified: more has to be known'), ('unassessable', 'Unassessable')], max_length=12)),
                ('preventability', models.CharField(choices=[('preventable', 'Preventable'), ('perhaps', 'Perhaps preventable'), ('not_preventable', 'Not preventable'), ('unknown', 'Not known yet')], default='unknown', max_length=15)),
                ('outcome', models.CharField(choices=[('recovered', 'Recovered'), ('recovering', 'Recovering'), ('not_recovered', 'Not recovered'), ('lasting', 'Recovered with lasting harm'), ('died', 'Died'), ('unknown', 'Not known yet')], max_length=13)),
                ('description', models.TextField()),
                ('action_taken', models.TextField(blank=True, default='')),
                ('notified', models.CharField(blank=True, default='', max_length=300)),
                ('allergy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adverse_events', to='patients.allergy')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('corrects', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='corrected_by', to='treatment_sessions.adverseevent')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adverse_events', to='patients.patient')),
                ('session', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adverse_events', to='treatment_sessions.treatmentsession')),
                ('survey', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adverse_events', to='outcomes.survey')),
            ],
        ),
        migrations.CreateModel(
            name='AdverseEventSeen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('note', models.CharField(max_length=300)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('event', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='seen', to='treatment_sessions.adverseevent')),
            ],
        ),
        migrations.CreateModel(
            name='EffectCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('had_effect', models.BooleanField()),
                ('asked_about', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='effects_asked', to='treatment_sessions.treatmentsession')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('event', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='effect_checks', to='treatment_sessions.adverseevent')),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='effect_checks', to='treatment_sessions.treatmentsession')),
            ],
        ),
        migrations.AddIndex(
            model_name='adverseevent',
            index=models.Index(fields=['patient', '-created_at'], name='adverse_event_by_patient'),
        ),
        migrations.AddIndex(
            model_name='adverseevent',
            index=models.Index(fields=['-updated_at', '-id'], name='adverse_event_by_change'),
        ),
        migrations.AddIndex(
            model_name='adverseevent',
            index=models.Index(condition=models.Q(('is_serious', True)), fields=['event_id'], name='adverse_event_serious'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.UniqueConstraint(fields=('event_id', 'number'), name='adverse_event_once_per_number'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['soreness', 'bruise', 'haematoma', 'skin_reaction', 'more_pain', 'nerve', 'dizziness', 'headache', 'fracture', 'clot', 'stroke_like', 'muscle_breakdown', 'fall', 'distress', 'burn', 'other'])), name='adverse_event_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('severity__in', ['major', 'moderate', 'minor', 'not_adverse'])), name='adverse_event_severity_known'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('causality__in', ['certain', 'probable', 'possible', 'unlikely', 'unclassified', 'unassessable'])), name='adverse_event_causality_known'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['recovered', 'recovering', 'not_recovered', 'lasting', 'died', 'unknown'])), name='adverse_event_outcome_known'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('preventability__in', ['preventable', 'perhaps', 'not_preventable', 'unknown'])), name='adverse_event_preventability_known'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('serious_because__contained_by', ['hospital', 'disability', 'life_threat'])), name='adverse_event_serious_because_known'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('is_serious', True), models.Q(models.Q(('kind__in', ('fracture', 'nerve')), _negated=True), ('serious_because', []), models.Q(('outcome', 'died'), _negated=True)), _connector='OR'), name='adverse_event_grave_ones_are_serious'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('onset_at', None), ('onset_hours', None), _connector='OR'), name='adverse_event_onset_told_one_way'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('onset_hours', None), ('session__isnull', False), _connector='OR'), name='adverse_event_hours_follow_a_session'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(('description', ''), _negated=True), name='adverse_event_is_described'),
        ),
        migrations.AddConstraint(
            model_name='adverseevent',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('correction_reason', ''), ('corrects', None), ('is_withdrawn', False), ('number', 1)), models.Q(('corrects__isnull', False), ('number__gt', 1), models.Q(('correction_reason', ''), _negated=True)), _connector='OR'), name='adverse_event_correction_says_why'),
        ),
        migrations.AddConstraint(
            model_name='adverseeventseen',
            constraint=models.CheckConstraint(condition=models.Q(('note', ''), _negated=True), name='adverse_event_seen_says_what_follows'),
        ),
        migrations.AddConstraint(
            model_name='adverseeventseen',
            constraint=models.UniqueConstraint(fields=('event', 'by'), name='adverse_event_seen_once_each'),
        ),
        migrations.AddConstraint(
            model_name='effectcheck',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('event', None), ('had_effect', False)), models.Q(('event__isnull', False), ('had_effect', True)), _connector='OR'), name='effect_check_yes_names_the_event'),
        ),
        migrations.RunSQL(APPEND_ONLY, NO_LONGER),
    ]
