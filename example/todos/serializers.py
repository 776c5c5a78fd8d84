"""Serializers of todos and of the input of their actions."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from rest_framework import serializers

from example.todos.models import Todo


class TodoSerializer(serializers.ModelSerializer[Todo]):
    """One todo."""

    owner = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        model = Todo
        fields = ["id", "title", "note", "done", "owner"]
        read_only_fields = ["done"]


class MarkDoneInput(serializers.Serializer[Any]):
    """Input of `mark_done`."""

    note = serializers.CharField(
        max_length=200, required=False, default="", help_text="How it went."
    )


class HandOverInput(serializers.Serializer[Any]):
    """Input of `hand_over`."""

    to = serializers.SlugRelatedField[Any](
        slug_field="username",
        queryset=get_user_model()._default_manager.all(),
        help_text="Name of the user who takes it.",
    )


class RemindInput(serializers.Serializer[Any]):
    """Input of `remind`."""

    text = serializers.CharField(max_length=400, help_text="What to remind of.")
