"""What the errors of requests mean, which both clients use."""

from __future__ import annotations

from collections.abc import Mapping

import requests

from dj_actions.exceptions import PublisherMisconfigured, PublishError, PublisherUnavailable

TRANSPORT_ERRORS: Mapping[type[Exception], type[PublishError]] = {
    requests.exceptions.SSLError: PublisherMisconfigured,
    requests.exceptions.InvalidURL: PublisherMisconfigured,
    requests.exceptions.InvalidSchema: PublisherMisconfigured,
    requests.exceptions.MissingSchema: PublisherMisconfigured,
    requests.exceptions.TooManyRedirects: PublisherMisconfigured,
    requests.exceptions.RequestException: PublisherUnavailable,
}
"""Class of requests → our class."""
