import audit.models
import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('occurred_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('actor_kind', models.CharField(max_length=10)),
                ('actor_id', models.UUIDField()),
                ('action', models.CharField(max_length=60)),
                ('subject_kind', models.CharField(max_length=60)),
                ('subject_id', models.CharField(max_length=40)),
                ('patient_id', models.UUIDField(null=True)),
                ('location_ids', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('via', models.CharField(blank=True, default='', max_length=60)),
                ('request_id', models.CharField(blank=True, default='', max_length=40)),
                ('facts', models.JSONField(default=dict)),
                ('transaction_id', models.BigIntegerField(db_default=audit.models.TransactionId())),
            ],
            options={
                'indexes': [models.Index(fields=['patient_id', '-id'], name='audit_by_patient'), models.Index(fields=['actor_id', '-id'], name='audit_by_actor'), models.Index(fields=['action', '-id'], name='audit_by_action'), models.Index(fields=['subject_id', '-id'], name='audit_by_subject')],
                'constraints': [models.CheckConstraint(condition=models.Q(('actor_kind__in', ['user', 'link', 'system'])), name='audit_event_actor_kind_known')],
            },
        ),
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('position', models.BigIntegerField(primary_key=True, serialize=False)),
                ('event_id', models.BigIntegerField(unique=True)),
                ('digest', models.BinaryField(max_length=32)),
                ('sealed_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('position__gte', 1)), name='audit_seal_position_from_one')],
            },
        ),
    ]
