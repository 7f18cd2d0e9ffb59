"""Pain by region, frozen with its session like every finding; and each therapist's own short texts."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models

# The function of 0002.
FREEZE = """
CREATE TRIGGER session_signed_findings_are_frozen BEFORE INSERT OR UPDATE OR DELETE ON treatment_sessions_regionalpain
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_freeze_finding();
"""
THAW = "DROP TRIGGER session_signed_findings_are_frozen ON treatment_sessions_regionalpain;"


class Migration(migrations.Migration):

    dependencies = [
        ('treatment_sessions', '0005_carried_values'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RegionalPain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('region', models.CharField(max_length=40)),
                ('side', models.CharField(choices=[('left', 'Left'), ('right', 'Right'), ('midline', 'Midline')], max_length=7)),
                ('kind', models.CharField(choices=[('rest', 'At rest'), ('movement', 'On movement'), ('worst', 'Worst since the last visit')], max_length=8)),
                ('before', models.PositiveSmallIntegerField()),
                ('after', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('session', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='regional_pains', to='treatment_sessions.treatmentsession')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('session', 'region', 'side', 'kind'), name='regional_pain_once_per_kind'), models.CheckConstraint(condition=models.Q(('side__in', ['left', 'right', 'midline'])), name='regional_pain_side_known'), models.CheckConstraint(condition=models.Q(('kind__in', ['rest', 'movement', 'worst'])), name='regional_pain_kind_known'), models.CheckConstraint(condition=models.Q(('before__lte', 10)), name='regional_pain_before_0_to_10'), models.CheckConstraint(condition=models.Q(('after', None), ('after__lte', 10), _connector='OR'), name='regional_pain_after_0_to_10'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'worst'), _negated=True), ('after__isnull', True), _connector='OR'), name='regional_pain_worst_has_no_after')],
            },
        ),
        migrations.CreateModel(
            name='Snippet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('shortcut', models.CharField(max_length=20)),
                ('text', models.TextField()),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='snippets', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['-updated_at', '-id'], name='snippet_by_change')],
                'constraints': [models.UniqueConstraint(fields=('owner', 'shortcut'), name='snippet_once_per_shortcut'), models.CheckConstraint(condition=models.Q(('shortcut__regex', '^[a-z0-9-]+$')), name='snippet_shortcut_can_be_typed'), models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='snippet_says_something')],
            },
        ),
        migrations.RunSQL(FREEZE, THAW),
    ]
