"""A todo."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.urls import reverse


class Todo(models.Model):
    """A todo of a user."""

    title = models.CharField(max_length=200)
    note = models.CharField(max_length=200, blank=True)
    done = models.BooleanField(default=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="todos"
    )

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """Return the URL of the todo in the API, which browsers can show."""
        return reverse("todo-detail", args=[self.pk])
