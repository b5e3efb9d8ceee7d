from django.db import models


class Later(models.Model):  # noqa: DJ008 - nobody prints it
    id = models.BigAutoField(primary_key=True)
