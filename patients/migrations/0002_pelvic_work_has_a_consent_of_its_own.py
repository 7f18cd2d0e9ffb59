"""A kind of consent that only a therapist asks for. Old code never writes it and reads it as any other."""

from django.db import migrations, models

KINDS = ["treatment", "email", "sms", "surveys", "research", "pelvic"]


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="consent", name="consent_kind_known"),
        migrations.AlterField(
            model_name="consent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("treatment", "Treatment"),
                    ("email", "Messages by e-mail"),
                    ("sms", "Text messages"),
                    ("surveys", "Follow-up questions"),
                    ("research", "De-identified use in reports"),
                    ("pelvic", "Pelvic work"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(condition=models.Q(("kind__in", KINDS)), name="consent_kind_known"),
        ),
    ]
