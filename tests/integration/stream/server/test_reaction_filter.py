"""Reactions are listed by activity, user, kind and parent, page by page."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from dj_actions_stream.server.models import Reaction
from django.utils import timezone

from tests.integration.stream.server.calls import Caller
from tests.integration.stream.server.reactions import ACTIVITY, ids, plain


class TestFilter:
    """Reactions by activity, by parent or by user."""

    def test_by_activity_are_those_on_the_first_level(self, stream_client: Any) -> None:
        reactions = stream_client.reactions
        like = reactions.add("like", ACTIVITY, "ann")
        comment = reactions.add("comment", ACTIVITY, "bob")
        child = reactions.add_child("like", comment["id"], "ann")
        reactions.add("like", str(uuid4()), "ann")

        assert ids(reactions.filter(activity_id=ACTIVITY)) == [comment["id"], like["id"]]
        assert ids(reactions.filter(activity_id=ACTIVITY, kind="like")) == [like["id"]]
        assert ids(reactions.filter(reaction_id=comment["id"])) == [child["id"]]
        assert ids(reactions.filter(reaction_id=comment["id"], kind="clap")) == []
        found = plain(reactions.get(comment["id"]))
        assert reactions.filter(activity_id=ACTIVITY, kind="comment")["results"] == [found]

    def test_by_user(self, stream_client: Any) -> None:
        reactions = stream_client.reactions
        first = reactions.add("like", ACTIVITY, "ann")
        reactions.add("like", ACTIVITY, "bob")
        second = reactions.add_child("clap", first["id"], "ann")

        assert ids(reactions.filter(user_id="ann")) == [second["id"], first["id"]]
        assert ids(reactions.filter(user_id="ann", kind="like")) == [first["id"]]

    def test_pages_in_both_directions(self, stream_client: Any) -> None:
        reactions = stream_client.reactions
        added = [reactions.add("like", ACTIVITY, "ann")["id"] for _ in range(7)]

        def pages(**bounds: str) -> list[list[str]]:
            found = []
            while True:
                page = reactions.filter(activity_id=ACTIVITY, limit=3, **bounds)
                found.append(ids(page))
                if not page["next"]:
                    return found
                bounds = {name[:5]: found[-1][-1] for name in bounds}

        newest_first, oldest_first = added[::-1], added
        assert pages(id_lte=added[6]) == [newest_first[:3], newest_first[3:6], newest_first[6:]]
        assert pages(id_lt=added[6]) == [newest_first[1:4], newest_first[4:]]
        assert pages(id_gte=added[0]) == [oldest_first[:3], oldest_first[3:6], oldest_first[6:]]
        assert pages(id_gt=added[0]) == [oldest_first[1:4], oldest_first[4:]]
        between = reactions.filter(activity_id=ACTIVITY, id_gt=added[2], id_lt=added[5])
        assert ids(between) == [added[4], added[3]]

    def test_a_bound_that_does_not_exist_any_more(self, stream_client: Any) -> None:
        reactions = stream_client.reactions
        added = [reactions.add("like", ACTIVITY, "ann")["id"] for _ in range(3)]
        reactions.delete(added[1])

        assert ids(reactions.filter(activity_id=ACTIVITY, id_lt=added[1])) == [added[0]]
        assert ids(reactions.filter(activity_id=ACTIVITY, id_gt=added[1])) == [added[2]]

    def test_the_default_and_the_maximum_of_a_page(self, stream_client: Any) -> None:
        Reaction.objects.bulk_create(rows(27))

        assert len(stream_client.reactions.filter(activity_id=ACTIVITY)["results"]) == 10
        assert len(stream_client.reactions.filter(activity_id=ACTIVITY, limit=300)["results"]) == 25

    def test_with_the_activity(self, stream_client: Any) -> None:
        feed = stream_client.feed("user", "ann")
        activity = plain(feed.add_activity({"actor": "SU:ann", "verb": "add", "object": "todo:1"}))
        user = plain(stream_client.users.add("ann", {"name": "Ann"}))
        like = plain(stream_client.reactions.add("like", activity["id"], "bob"))

        found = stream_client.reactions.filter(activity_id=activity["id"], with_activity_data=True)
        assert found["activity"]["actor"] == user
        assert found["activity"]["latest_reactions"] == {"like": [like]}
        assert found["activity"]["latest_reactions_extra"] == {"like": {"next": ""}}
        assert found["activity"]["reaction_counts"] == {"like": 1}
        assert found["activity"]["own_reactions"] == {}

    @pytest.mark.django_db
    @pytest.mark.parametrize(
        ("path", "query", "code"),
        [
            ("reaction/activity_id/x/", {}, 4),
            ("reaction/reaction_id/x/", {}, 4),
            ("reaction/user_id/a b/", {}, 4),
            ("reaction/kind/like/", {}, 4),
            (f"reaction/activity_id/{ACTIVITY}/", {"limit": "0"}, 8),
            (f"reaction/activity_id/{ACTIVITY}/", {"limit": "x"}, 8),
            (f"reaction/activity_id/{ACTIVITY}/", {"id_lt": "x"}, 8),
        ],
    )
    def test_a_wrong_page(self, call: Caller, path: str, query: dict[str, str], code: int) -> None:
        assert call("GET", path, query=query)["code"] == code


def rows(number: int) -> list[Reaction]:
    now = timezone.now()
    return [
        Reaction(
            id=uuid4(),
            kind="like",
            activity_id=UUID(ACTIVITY),
            user_id="ann",
            created_at=now,
            updated_at=now,
        )
        for _ in range(number)
    ]
