"""Accounts in the API."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from rest_framework import serializers


class AccountSerializer(serializers.ModelSerializer[User]):
    """One account."""

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name", "email", "is_active"]


class ContactSerializer(serializers.Serializer[Any]):
    """How someone is reached."""

    username = serializers.CharField(help_text="Who.")
    email = serializers.EmailField(help_text="Where.")
