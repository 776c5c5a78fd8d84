"""The input of the bulk action as a Django form."""

from __future__ import annotations

from django import forms


class BulkMarkDoneForm(forms.Form):
    """Input of `bulk_mark_done`, in addition to the ids."""

    note = forms.CharField(max_length=200, required=False, help_text="How it went.")
