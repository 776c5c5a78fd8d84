"""What the bulk action accepts, as a Django form."""

from __future__ import annotations

from django import forms


class BulkMarkDoneForm(forms.Form):
    """What `bulk_mark_done` accepts beside the ids."""

    note = forms.CharField(max_length=200, required=False, help_text="How it went.")
