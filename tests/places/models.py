"""Models of the shapes that the example has none of: their tables are made without migrations."""

from __future__ import annotations

from django.db import models


class Place(models.Model):
    """Has a table of its own, and is a part of every restaurant."""

    name = models.CharField(max_length=50)
    visits = models.IntegerField(default=0)

    def __str__(self) -> str:
        return self.name


class Restaurant(Place):
    """A place with a second table: multi-table inheritance."""

    stars = models.IntegerField(default=0)


class Licence(models.Model):
    """Its key is that of a place: one to one."""

    place = models.OneToOneField(Place, on_delete=models.CASCADE, primary_key=True)
    remark = models.CharField(max_length=50, blank=True)

    def __str__(self) -> str:
        return self.remark


class Seat(models.Model):
    """Its key has two parts."""

    pk = models.CompositePrimaryKey("row", "number")
    row = models.CharField(max_length=5)
    number = models.IntegerField()
    taken = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.row}{self.number}"


class Page(models.Model):
    """Its key is a text, which may be long."""

    url = models.CharField(max_length=600, primary_key=True)

    def __str__(self) -> str:
        return self.url
