"""The models that django-tenants wants: a tenant and its domain."""

from __future__ import annotations

from django.db import models
from django_tenants.models import DomainMixin, TenantMixin


class Tenant(TenantMixin):  # type: ignore[misc]  # it has no types
    """A tenant; its schema is created with it."""

    name = models.CharField(max_length=50)


class Domain(DomainMixin):  # type: ignore[misc]
    """The domain of a tenant."""
