"""The API of accounts."""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework import permissions, routers, viewsets

from dj_actions.mixins import ActionMixin
from tests.compat.accounts.actions.action_registry import ACTIONS
from tests.compat.accounts.serializers import AccountSerializer


class AccountViewSet(ActionMixin, viewsets.ModelViewSet[User]):
    """Accounts, and their actions."""

    queryset = User.objects.order_by("pk")
    serializer_class = AccountSerializer
    permission_classes = [permissions.AllowAny]
    action_registry = ACTIONS


router = routers.DefaultRouter()
router.register("accounts", AccountViewSet)
