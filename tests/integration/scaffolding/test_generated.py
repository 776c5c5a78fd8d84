"""What the commands write works at once, in projects that are independent of this test suite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.integration.scaffolding.projects import MANAGE, SETTINGS, Project

ACTIONS = [
    (f"{style}_{kind}_mark", style, kind)
    for style in ("class", "form")
    for kind in ("instance", "bulk")
]

RULES = Path(__file__).parents[3] / "pyproject.toml"
RUFF_CHECK = ("-m", "ruff", "check", "--no-cache", "--config", str(RULES))
RUFF_FORMAT = ("-m", "ruff", "format", "--no-cache", "--line-length")

STRICT = """
[mypy]
strict = true
enable_error_code = ignore-without-code
plugins = mypy_django_plugin.main, mypy_drf_plugin.main

[mypy.plugins.django-stubs]
django_settings_module = site_settings
"""

TESTS = 12
"""Three for each action: one of the class or form, two over HTTP."""

SHOP = {
    "manage.py": MANAGE,
    "site_settings.py": SETTINGS.format(apps='"todos"', more=""),
    "site_urls.py": """
from rest_framework.routers import DefaultRouter

from todos.views import TodoViewSet

router = DefaultRouter()
router.register("todos", TodoViewSet)
urlpatterns = router.urls
""",
    "todos/models.py": """
import uuid

from django.conf import settings
from django.db import models


class Colour(models.Field):
    def db_type(self, connection):
        return "text"


class Sketch(models.Model):
    colour = Colour()


class Category(models.Model):
    name = models.CharField(max_length=50, unique=True)


class Todo(models.Model):
    class Priority(models.IntegerChoices):
        LOW = 1
        HIGH = 2

    title = models.CharField(max_length=200)
    slug = models.SlugField(unique=True)
    code = models.CharField(max_length=2, unique=True)
    note = models.TextField(blank=True)
    details = models.TextField()
    kind = models.CharField(max_length=1, choices=[("h", "Home"), ("w", "Work")])
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    category = models.ForeignKey(Category, on_delete=models.CASCADE)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.CASCADE)
    helpers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="+")
    priority = models.IntegerField(choices=Priority.choices)
    position = models.PositiveSmallIntegerField()
    effort = models.FloatField()
    price = models.DecimalField(max_digits=6, decimal_places=2)
    share = models.DecimalField(max_digits=2, decimal_places=2)
    done = models.BooleanField()
    due = models.DateField()
    starts = models.DateTimeField()
    at = models.TimeField()
    takes = models.DurationField()
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    token = models.UUIDField()
    key = models.UUIDField(default=uuid.uuid4)
    data = models.JSONField()
    blob = models.BinaryField()
    mail = models.EmailField()
    link = models.URLField()
    address = models.GenericIPAddressField()
    scan = models.FileField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "position"], name="one_position"),
            models.CheckConstraint(condition=models.Q(price__gt=0), name="price_is_positive"),
        ]
""",
    "todos/views.py": """
from rest_framework import permissions, serializers, viewsets

from dj_actions.mixins import ActionMixin
from todos.models import Todo


class TodoSerializer(serializers.ModelSerializer):
    class Meta:
        model = Todo
        fields = ["id", "title", "done"]


class TodoViewSet(ActionMixin, viewsets.ModelViewSet):
    queryset = Todo.objects.all()
    serializer_class = TodoSerializer
    permission_classes = [permissions.IsAuthenticated]
""",
}


CREATE_ALL = f"""
import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
django.setup()
for name, style, kind in {ACTIONS}:
    call_command("create_action", name, app="todos", resource="Todo", type=kind, style=style)
"""


def run_tests(project: Project, *arguments: str) -> str:
    """Run the generated tests as Django does; refuse any warning."""
    return project.run("-W", "error", "manage.py", "test", *arguments)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with an app of many kinds of fields, and an action of each kind."""
    project = Project(tmp_path_factory.mktemp("shop"))
    project.write(SHOP)
    printed = project.manage("start_actions", "todos", "--resource", "Todo", "--path", "/todos/")
    add_registry(project.folder / "todos" / "views.py", printed)
    project.run("-c", CREATE_ALL)
    return project


def add_registry(views: Path, printed: str) -> None:
    """Add the registry to a viewset, as start_actions printed it."""
    imported = "from todos.actions.todo.action_registry import ACTIONS\n"
    attribute = "    action_registry = ACTIONS\n"
    assert imported in printed
    assert attribute in printed
    text = views.read_text().replace("from todos.models", f"{imported}from todos.models")
    views.write_text(text + attribute)


def test_the_generated_tests_pass(shop: Project) -> None:
    assert f"Ran {TESTS} tests" in run_tests(shop, "todos.actions.todo")


def test_a_field_of_an_unknown_kind_skips_the_tests_with_a_message(shop: Project) -> None:
    place = ("--app", "todos", "--resource", "Sketch", "--path", "/sketches/")

    printed = shop.manage("create_action", "paint", *place, "--type", "bulk", "--style", "class")

    assert "skipped until you give todos.Sketch.colour a value" in printed
    # The command that the output names.
    assert "manage.py test todos.actions.sketch.paint" in printed
    assert "OK (skipped=3)" in run_tests(shop, "todos.actions.sketch.paint")


def test_the_generated_tests_pass_under_pytest(shop: Project) -> None:
    # Only the plugin that Django needs, whatever else is installed here.
    plugins = ("--disable-plugin-autoload", "-p", "pytest_django.plugin", "--ds", "site_settings")

    printed = shop.run("-m", "pytest", *plugins, "-W", "error", "todos/actions/todo")

    assert f"{TESTS} passed" in printed


def test_the_generated_tests_fail_for_an_action_that_does_something_else(shop: Project) -> None:
    form = shop.folder / "todos" / "actions" / "todo" / "form_instance_mark" / "form.py"
    right = form.read_text()
    form.write_text(right.replace("return {}, todo", 'return {"id": 0}, todo'))
    try:
        with pytest.raises(AssertionError, match=r"FAILED \(failures=2\)"):
            run_tests(shop, "todos.actions.todo.form_instance_mark")
    finally:
        form.write_text(right)


def test_generated_files_pass_our_own_linter_rules(shop: Project) -> None:
    shop.run(*RUFF_CHECK, "todos/actions")


@pytest.mark.parametrize("rules", ["RUF", "E4,E7,E9,F,RUF100", "F,RUF100"])
def test_generated_files_pass_the_linter_rules_of_others(shop: Project, rules: str) -> None:
    """A comment for a rule that a project has not selected is itself reported."""
    shop.run("-m", "ruff", "check", "--no-cache", "--isolated", "--select", rules, "todos/actions")


def test_generated_files_pass_strict_type_checks(shop: Project, tmp_path: Path) -> None:
    shop.write({"mypy.ini": STRICT})

    # What the project itself does not annotate is not what is checked.
    # Nor are the sketches: their tests skip themselves, and exist only once another test has run.
    options = (f"--cache-dir={tmp_path}", "--follow-imports=silent", "--exclude=/sketch/")
    shop.run("-m", "mypy", *options, "todos/actions")


def test_generated_files_contain_nothing_to_be_removed(shop: Project) -> None:
    files = (shop.folder / "todos" / "actions" / "todo").rglob("*.py")
    words = re.compile(r"\b(pdb|TODO|FIXME|XXX|skipTest|noqa)\b|^\s*# ", re.MULTILINE)

    found = {str(path): words.findall(path.read_text()) for path in files}

    assert {path: words for path, words in found.items() if words} == {}


COMPANY = {
    "manage.py": MANAGE,
    "site_settings.py": SETTINGS.format(
        apps='"company.people",\n    "company.billing"',
        more="""
AUTH_USER_MODEL = "people.Person"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.BasicAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.DjangoModelPermissions"],
}
""",
    ),
    "site_urls.py": """
from django.urls import include, path
from rest_framework.routers import SimpleRouter

from company.billing.views import InvoiceViewSet

router = SimpleRouter()
router.register("invoices", InvoiceViewSet, basename="bill")
urlpatterns = [path("api/v1/", include(router.urls))]
""",
    "company/people/models.py": """
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class People(BaseUserManager):
    def create_superuser(self, email, born, password, **fields):
        person = self.model(email=email, born=born, is_superuser=True, **fields)
        person.set_password(password)
        person.save()
        return person


class Team(models.Model):
    name = models.CharField(max_length=10)


class Person(AbstractBaseUser, PermissionsMixin):
    email = models.EmailField(unique=True)
    born = models.DateField()
    team = models.ForeignKey(Team, null=True, on_delete=models.CASCADE)

    people = People()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["born"]
""",
    "company/billing/models.py": """
import uuid

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models.functions import Lower


class Address(models.Model):
    street = models.CharField(max_length=50)
    team = models.ForeignKey("people.Team", on_delete=models.CASCADE)


class Document(models.Model):
    uid = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.CharField(max_length=12, unique=True)


class Open(models.Manager):
    pass


class Invoice(Document):
    id_of_subject = models.PositiveIntegerField()
    kind_of_subject = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    address = models.OneToOneField(Address, on_delete=models.CASCADE)
    payer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    title = models.CharField(max_length=50)
    amount = models.DecimalField(max_digits=9, decimal_places=2, default=0)

    open = Open()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("title"), name="one_title")]
""",
    "company/billing/views.py": """
from rest_framework import serializers, viewsets

from company.billing.actions.invoice.action_registry import ACTIONS
from company.billing.models import Invoice
from dj_actions.mixins import ActionMixin


class InvoiceSerializer(serializers.ModelSerializer):
    class Meta:
        model = Invoice
        fields = ["number", "amount"]


class InvoiceViewSet(ActionMixin, viewsets.ModelViewSet):
    queryset = Invoice.open.all()
    serializer_class = InvoiceSerializer
    lookup_field = "number"
    action_registry = ACTIONS

    def get_queryset(self):
        return super().get_queryset().filter(payer=self.request.user)
""",
}

WRITE_ALL = """
import os

import django
from django.core.management import call_command

os.environ["DJANGO_SETTINGS_MODULE"] = "site_settings"
django.setup()
options = {"path": "/api/v1/invoices/", "resource": "Invoice"}
call_command("start_actions", "company.billing", **options)
call_command("makemigrations", "people", "billing")
for name, style, kind in %r:
    call_command("create_action", name, app="billing", type=kind, style=style, **options)
"""


def test_the_generated_tests_pass_in_a_project_with_unusual_models(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write(COMPANY)
    long = [(f"{name}_as_paid_in_another_country", style, kind) for name, style, kind in ACTIONS]
    project.run("-c", WRITE_ALL % (long,))

    assert f"Ran {TESTS} tests" in run_tests(project)
    for width in ("88", "100"):  # long names need a formatter, and nothing else
        project.run(*RUFF_FORMAT, width, "company/billing/actions")
        project.run(*RUFF_CHECK, "company/billing/actions")
