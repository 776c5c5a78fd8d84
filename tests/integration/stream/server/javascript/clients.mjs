// The real client, connected to the server under test: with the secret, and with users' tokens.

import assert from 'node:assert/strict';
import { connect } from 'getstream';

const { FEEDS_URL, FEEDS_API_KEY, FEEDS_API_SECRET } = process.env;
const options = { urlOverride: { api: `${FEEDS_URL}/api/` } };

export const server = connect(FEEDS_API_KEY, FEEDS_API_SECRET, '1', options);

/** Return a client with a token of this user, who exists. */
export async function userClient(name) {
  const client = newUserClient(name);
  await client.setUser({ name });
  return client;
}

/** Return a client with a token of this user, who need not exist. */
export function newUserClient(name) {
  return connect(FEEDS_API_KEY, server.createUserToken(name), '1', options);
}

/** Return the object without its duration. */
export function plain({ duration, ...rest }) {
  return rest;
}

/** Assert that the object has these keys, in any order. */
export function assertKeys(object, ...keys) {
  assert.deepEqual(Object.keys(object).sort(), keys.sort());
}

/** Assert that the request fails with this status. */
export async function assertStatus(status, request) {
  await assert.rejects(request, (error) => {
    assert.equal(error.response?.status, status, error.message);
    return true;
  });
}

export const ACTIVITY = ['actor', 'foreign_id', 'id', 'object', 'origin', 'target', 'time', 'verb'];
export const REACTION = [
  'activity_id',
  'children_counts',
  'created_at',
  'data',
  'id',
  'kind',
  'latest_children',
  'parent',
  'updated_at',
  'user',
  'user_id',
];
export const REACTIONS = [
  'latest_reactions',
  'latest_reactions_extra',
  'own_reactions',
  'reaction_counts',
];
