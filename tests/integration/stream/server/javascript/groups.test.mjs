// Aggregated, notification and ranked feeds, and what a browser needs.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ACTIVITY, assertKeys, assertStatus, server, userClient } from './clients.mjs';

const GROUP = [
  'activities',
  'activity_count',
  'actor_count',
  'created_at',
  'group',
  'id',
  'updated_at',
  'verb',
];
let ann;
let bob;

before(async () => {
  ann = await userClient('ann');
  bob = await userClient('bob');
});

test('an aggregated feed returns groups, page by page', async () => {
  const feed = server.feed('aggregated', 'pages');
  await feed.addActivities(
    ['a', 'b', 'a', 'c'].map((verb) => ({ actor: '1', verb, object: '1' })),
  );
  const first = await feed.get({ limit: 2 });
  const second = await feed.get({ limit: 2, id_lt: first.results.at(-1).id });
  assertKeys(first.results[0], ...GROUP);
  assert.deepEqual(first.results.map((group) => group.verb), ['c', 'a']);
  assert.deepEqual(second.results.map((group) => group.verb), ['b']);
  assert.equal(second.next, '');
});

test('a user sees and reads notifications', async () => {
  const feed = server.feed('notification', 'ann');
  await feed.addActivity({ actor: 'SU:bob', verb: 'follow', object: '1' });
  await feed.addActivity({ actor: 'SU:bob', verb: 'like', object: '1' });
  const unseen = await ann.feed('notification').get();
  assert.deepEqual([unseen.unseen, unseen.unread], [2, 2]);
  assertKeys(unseen.results[0], ...GROUP, 'is_seen', 'is_read');
  assertKeys(unseen.results[0].activities[0], ...ACTIVITY);
  assert.deepEqual(unseen.results[0].activities[0].actor, bob.currentUser.full);

  await ann.feed('notification').get({ mark_seen: true, mark_read: [unseen.results[1].id] });
  const seen = await ann.feed('notification').get();
  assert.deepEqual([seen.unseen, seen.unread], [0, 1]);
  assert.deepEqual(seen.results.map((group) => group.is_read), [false, true]);
});

test("a user neither reads nor marks another user's notifications", async () => {
  await assertStatus(403, () => bob.feed('notification', 'ann').get());
  await assertStatus(403, () => bob.feed('notification', 'ann').get({ mark_read: true }));
});

test('unknown groups, rankings and marks are errors', async () => {
  await assertStatus(400, () => ann.feed('nowhere').get());
  await assertStatus(400, () => ann.feed('user').get({ ranking: 'unknown' }));
  await assertStatus(400, () => ann.feed('user').get({ mark_seen: true }));
  await assertStatus(400, () => ann.feed('timeline').follow('notification', 'bob'));
});

test('a browser may send what the client sends, and read the limits', async () => {
  const url = `${process.env.FEEDS_URL}/api/v1.0/enrich/feed/user/ann/?api_key=x`;
  const names = 'authorization,content-type,stream-auth-type,x-stream-client';
  const preflight = await fetch(url, {
    method: 'OPTIONS',
    headers: {
      Origin: 'http://localhost:3000',
      'Access-Control-Request-Method': 'GET',
      'Access-Control-Request-Headers': names,
    },
  });
  const allowed = preflight.headers.get('access-control-allow-headers').split(', ');
  assert.deepEqual(names.split(',').filter((name) => !allowed.includes(name)), []);
  const refused = await fetch(url, { headers: { Origin: 'http://localhost:3000' } });
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get('access-control-allow-origin'), '*');
  assert.ok(Number(refused.headers.get('x-ratelimit-remaining')) > 0);
});
