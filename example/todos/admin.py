"""Todos in the admin."""

from __future__ import annotations

from django.contrib import admin

from example.todos.models import Todo

admin.site.register(Todo)
