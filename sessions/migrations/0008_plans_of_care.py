"""The plan of an episode, the ratings of its goals and the discharge: added, never changed."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


APPEND_ONLY = """
CREATE TRIGGER care_plan_is_append_only BEFORE UPDATE OR DELETE ON treatment_sessions_careplan
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_append_only('care_plan_is_append_only');
CREATE TRIGGER plan_goal_is_append_only BEFORE UPDATE OR DELETE ON treatment_sessions_plangoal
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_append_only('plan_goal_is_append_only');
CREATE TRIGGER goal_rating_is_append_only BEFORE UPDATE OR DELETE ON treatment_sessions_goalrating
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_append_only('goal_rating_is_append_only');
CREATE TRIGGER discharge_is_append_only BEFORE UPDATE OR DELETE ON treatment_sessions_discharge
    FOR EACH ROW EXECUTE FUNCTION treatment_sessions_append_only('discharge_is_append_only');
"""
NO_LONGER = """
DROP TRIGGER care_plan_is_append_only ON treatment_sessions_careplan;
DROP TRIGGER plan_goal_is_append_only ON treatment_sessions_plangoal;
DROP TRIGGER goal_rating_is_append_only ON treatment_sessions_goalrating;
DROP TRIGGER discharge_is_append_only ON treatment_sessions_discharge;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('patients', '0001_initial'),
        ('treatment_sessions', '0007_adverse_events'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CarePlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('number', models.PositiveSmallIntegerField()),
                ('problem', models.TextField()),
                ('planned_visits', models.PositiveSmallIntegerField()),
                ('days_between_visits', models.PositiveSmallIntegerField()),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('episode', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='care_plans', to='patients.episode')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='care_plans', to='patients.patient')),
            ],
        ),
        migrations.CreateModel(
            name='Discharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('reason', models.CharField(choices=[('improved', 'Improved'), ('not_improved', 'Not improved'), ('cost', 'Cost'), ('moved', 'Moved away'), ('adverse_event', 'An adverse event'), ('unknown', 'Not known')], max_length=13)),
                ('summary', models.TextField()),
                ('discharged_on', models.DateField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('episode', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='discharge', to='patients.episode')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='discharges', to='patients.patient')),
            ],
        ),
        migrations.CreateModel(
            name='GoalRating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('goal_id', models.UUIDField()),
                ('score', models.PositiveSmallIntegerField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('episode', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='goal_ratings', to='patients.episode')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='goal_ratings', to='patients.patient')),
                ('session', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='goal_ratings', to='treatment_sessions.treatmentsession')),
            ],
        ),
        migrations.CreateModel(
            name='PlanGoal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('goal_id', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('position', models.PositiveSmallIntegerField()),
                ('words', models.CharField(max_length=200)),
                ('measure', models.CharField(choices=[('pain', 'Pain score'), ('motion', 'A motion'), ('rating', "The patient's own rating, 0 to 10")], max_length=6)),
                ('joint', models.CharField(blank=True, default='', max_length=30)),
                ('motion', models.CharField(blank=True, default='', max_length=30)),
                ('side', models.CharField(blank=True, choices=[('left', 'Left'), ('right', 'Right'), ('midline', 'Midline')], default='', max_length=7)),
                ('mode', models.CharField(blank=True, choices=[('active', 'Active'), ('passive', 'Passive'), ('assisted', 'Active-assisted')], default='', max_length=8)),
                ('baseline', models.SmallIntegerField()),
                ('target', models.SmallIntegerField()),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='goals', to='treatment_sessions.careplan')),
            ],
        ),
        migrations.AddIndex(
            model_name='careplan',
            index=models.Index(fields=['-updated_at', '-id'], name='care_plan_by_change'),
        ),
        migrations.AddConstraint(
            model_name='careplan',
            constraint=models.UniqueConstraint(fields=('episode', 'number'), name='care_plan_once_per_number'),
        ),
        migrations.AddConstraint(
            model_name='careplan',
            constraint=models.CheckConstraint(condition=models.Q(('problem', ''), _negated=True), name='care_plan_names_the_problem'),
        ),
        migrations.AddConstraint(
            model_name='careplan',
            constraint=models.CheckConstraint(condition=models.Q(('planned_visits__gte', 1), ('planned_visits__lte', 100)), name='care_plan_visits_1_to_100'),
        ),
        migrations.AddConstraint(
            model_name='careplan',
            constraint=models.CheckConstraint(condition=models.Q(('days_between_visits__gte', 1), ('days_between_visits__lte', 90)), name='care_plan_every_1_to_90_days'),
        ),
        migrations.AddConstraint(
            model_name='discharge',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['improved', 'not_improved', 'cost', 'moved', 'adverse_event', 'unknown'])), name='discharge_reason_known'),
        ),
        migrations.AddConstraint(
            model_name='discharge',
            constraint=models.CheckConstraint(condition=models.Q(('summary', ''), _negated=True), name='discharge_is_summed_up'),
        ),
        migrations.AddIndex(
            model_name='goalrating',
            index=models.Index(fields=['episode', 'goal_id', '-id'], name='goal_rating_by_goal'),
        ),
        migrations.AddConstraint(
            model_name='goalrating',
            constraint=models.CheckConstraint(condition=models.Q(('score__lte', 10)), name='goal_rating_0_to_10'),
        ),
        migrations.AddConstraint(
            model_name='plangoal',
            constraint=models.UniqueConstraint(fields=('plan', 'goal_id'), name='plan_goal_once_per_plan'),
        ),
        migrations.AddConstraint(
            model_name='plangoal',
            constraint=models.UniqueConstraint(fields=('plan', 'position'), name='plan_goal_one_per_position'),
        ),
        migrations.AddConstraint(
            model_name='plangoal',
            constraint=models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='plan_goal_says_something'),
        ),
        migrations.AddConstraint(
            model_name='plangoal',
            constraint=models.CheckConstraint(condition=models.Q(('measure__in', ['pain', 'motion', 'rating'])), name='plan_goal_measure_known'),
        ),
        migrations.AddConstraint(
            model_name='plangoal',
            constraint=models.CheckConstraint(condition=models.Q(('measure', 'motion'), models.Q(('joint', ''), ('mode', ''), ('motion', ''), ('side', '')), _connector='XOR'), name='plan_goal_motion_names_which'),
        ),
        migrations.AddConstraint(
            model_name='plangoal',
            constraint=models.CheckConstraint(condition=models.Q(('baseline', models.F('target')), _negated=True), name='plan_goal_has_a_way_to_go'),
        ),
        migrations.RunSQL(APPEND_ONLY, NO_LONGER),
    ]
