"""The publisher that is compared with `StreamPublisher`."""

from __future__ import annotations

from dj_actions_stream import StreamPublisher

from dj_actions.publishers import BasePublisher


class OneCallEachPublisher(StreamPublisher):
    """Adds each activity with a call of its own, as publishers do by default."""

    publish_many = BasePublisher.publish_many
