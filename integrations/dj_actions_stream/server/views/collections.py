"""The endpoints of collections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import router, transaction
from django.http import HttpRequest

from dj_actions_stream.server.access.callers import Caller
from dj_actions_stream.server.entities import collections
from dj_actions_stream.server.entities.collections import CollectionEntry, render_entry
from dj_actions_stream.server.parsing.records import (
    MAX_BATCH,
    RecordReader,
    read_batch,
    read_ids,
    require_identifier,
)
from dj_actions_stream.server.protocol.endpoints import ApiResponse, Endpoint, read_body
from dj_actions_stream.server.protocol.errors import InputError


class Collection(Endpoint):
    """A collection to add to."""

    def post(self, request: HttpRequest, collection: str) -> ApiResponse:
        """Add an entry, which belongs to the user of the token or to `user_id`."""
        caller = Caller.of(request, "collections", "write")
        require_identifier("collection", collection)
        reader = RecordReader(read_body(request))
        entry_id, owner = reader.identifier("id"), reader.identifier("user_id")
        data = reader.required_data("data")
        reader.raise_errors()
        owner = owner or caller.user_id or ""
        caller.require_user(owner)
        entry = collections.add_entry(
            collection, entry_id or collections.new_entry_id(), data, owner=owner
        )
        return ApiResponse(document=render_entry(entry), status=201)


class EntryById(Endpoint):
    """An entry by its id. Everyone may read it; its owner and servers may change it."""

    def get(self, request: HttpRequest, collection: str, entry_id: str) -> ApiResponse:
        """Return the entry."""
        Caller.of(request, "collections", "read")
        return ApiResponse(document=render_entry(_entry(collection, entry_id)))

    def put(self, request: HttpRequest, collection: str, entry_id: str) -> ApiResponse:
        """Replace the entry's data."""
        caller = Caller.of(request, "collections", "write")
        entry = _entry(collection, entry_id)
        caller.require_user(entry.owner)
        collections.update_entry(entry, _read_change(read_body(request), entry_id))
        return ApiResponse(document=render_entry(entry))

    def delete(self, request: HttpRequest, collection: str, entry_id: str) -> ApiResponse:
        """Delete the entry. References to it stay, and lead nowhere."""
        caller = Caller.of(request, "collections", "delete")
        caller.require_user(_entry(collection, entry_id).owner)
        collections.delete_entries(collection, [entry_id])
        return ApiResponse(document={})


class Collections(Endpoint):
    """Many entries at once, for servers only."""

    def get(self, request: HttpRequest) -> ApiResponse:
        """Return the entries in `foreign_ids` that exist."""
        Caller.of(request, "collections", "read").require_server()
        entries = collections.find_entries(_read_foreign_ids(request))
        return ApiResponse(
            document={"response": {"data": [render_entry(entry) for entry in entries]}}
        )

    def post(self, request: HttpRequest) -> ApiResponse:
        """Insert or overwrite entries: all of them, or none."""
        Caller.of(request, "collections", "write").require_server()
        batches = _read_batches(read_body(request).get("data"))
        with transaction.atomic(using=router.db_for_write(CollectionEntry)):
            for name, data_of in sorted(batches.items()):
                collections.upsert_entries(name, data_of)
        written = {
            name: [{**data, "id": entry_id} for entry_id, data in data_of.items()]
            for name, data_of in batches.items()
        }
        return ApiResponse(document={"data": written}, status=201)

    def delete(self, request: HttpRequest) -> ApiResponse:
        """Delete the entries in `ids`. It is not an error if one does not exist."""
        Caller.of(request, "collections", "delete").require_server()
        name = require_identifier("collection_name", request.GET.get("collection_name", ""))
        collections.delete_entries(name, read_ids(request, "ids"))
        return ApiResponse(document={})


def _entry(collection: str, entry_id: str) -> CollectionEntry:
    require_identifier("collection", collection)
    return collections.get_entry(collection, require_identifier("id", entry_id))


def _read_change(body: Mapping[str, Any], entry_id: str) -> dict[str, Any]:
    reader = RecordReader(body)
    data = reader.required_data("data")
    reader.raise_errors()
    if reader.identifier("id") not in ("", entry_id):
        raise InputError.for_fields({"id": ["the id of an entry cannot be changed"]})
    return data


def _read_foreign_ids(request: HttpRequest) -> list[tuple[str, str]]:
    texts = [text for text in request.GET.get("foreign_ids", "").split(",") if text]
    if not 1 <= len(texts) <= MAX_BATCH:
        raise InputError.for_fields({"foreign_ids": [f"set 1 to {MAX_BATCH} collection:id"]})
    return [_read_foreign_id(text) for text in texts]


def _read_foreign_id(text: str) -> tuple[str, str]:
    name, _, entry_id = text.partition(":")
    return require_identifier("foreign_ids", name), require_identifier("foreign_ids", entry_id)


def _read_batches(batches: object) -> dict[str, dict[str, dict[str, Any]]]:
    if not isinstance(batches, dict) or not batches:
        message = "this field must be an object with the name and the entries of each collection"
        raise InputError.for_fields({"data": [message]})
    read = {
        require_identifier("data", name): dict(map(_read_item, read_batch(items, f"data.{name}")))
        for name, items in batches.items()
    }
    if sum(map(len, read.values())) > MAX_BATCH:
        raise InputError.for_fields({"data": [f"at most {MAX_BATCH} entries are possible"]})
    return read


def _read_item(item: object) -> tuple[str, dict[str, Any]]:
    if not isinstance(item, dict):
        raise InputError.for_fields({"data": ["an entry must be a JSON object"]})
    data = {name: value for name, value in item.items() if name != "id"}
    reader = RecordReader({"id": item.get("id"), "data": data})
    entry_id = reader.identifier("id")
    reader.data("data")
    reader.raise_errors()
    return entry_id or collections.new_entry_id(), data
