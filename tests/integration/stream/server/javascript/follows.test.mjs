// Follows: of one feed and of many, what they copy, and who may follow what.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { assertKeys, assertStatus, server, userClient } from './clients.mjs';

let ann;
let number = 0;

before(async () => {
  ann = await userClient('ann');
});

/** Return a feed that is empty, of the server's client. */
function emptyFeed(group = 'user') {
  number += 1;
  return server.feed(group, `follows-${number}`);
}

/** Add as many activities to a feed, and return their ids, newest first. */
async function add(feed, count = 1) {
  const sent = Array.from({ length: count }, (_, index) => ({ actor: '1', verb: 'add', object: index }));
  return (await feed.addActivities(sent)).activities.map(({ id }) => id).reverse();
}

/** Return the ids of the activities of a feed. */
async function idsOf(feed) {
  return (await feed.get()).results.map(({ id }) => id);
}

test('a follower gets what exists and what is added, until it stops following', async () => {
  const [user, timeline] = [emptyFeed(), emptyFeed('timeline')];
  const [before_] = await add(user);
  await timeline.follow(user.slug, user.userId);
  const [after] = await add(user);
  assert.deepEqual(await idsOf(timeline), [after, before_]);
  assert.equal((await timeline.get()).results[0].origin, user.id);
  await timeline.unfollow(user.slug, user.userId);
  assert.deepEqual(await idsOf(timeline), []);
});

test('the newest are copied, as many as the client wants', async () => {
  const [user, none, some] = [emptyFeed(), emptyFeed('timeline'), emptyFeed('timeline')];
  const ids = await add(user, 3);
  await none.follow(user.slug, user.userId, { limit: 0 });
  await some.follow(user.slug, user.userId, { limit: 2 });
  assert.deepEqual([await idsOf(none), await idsOf(some)], [[], ids.slice(0, 2)]);
});

test('a follower may keep what it got', async () => {
  const [user, timeline] = [emptyFeed(), emptyFeed('timeline')];
  const ids = await add(user);
  await timeline.follow(user.slug, user.userId);
  await timeline.unfollow(user.slug, user.userId, { keepHistory: true });
  assert.deepEqual(await idsOf(timeline), ids);
});

test('an aggregated feed groups what it follows', async () => {
  const [user, aggregated] = [emptyFeed(), emptyFeed('aggregated')];
  const ids = await add(user, 2);
  await aggregated.follow(user.slug, user.userId);
  const [group] = (await aggregated.get({ limit: 1 })).results;
  assert.deepEqual(group.activities.map(({ id }) => id), ids);
});

test('follows are listed, filtered and counted', async () => {
  const [timeline, first, second] = [emptyFeed('timeline'), emptyFeed(), emptyFeed('flat')];
  await timeline.follow(first.slug, first.userId);
  await timeline.follow(second.slug, second.userId);
  const listed = await timeline.following({ limit: 10 });
  assertKeys(listed.results[0], 'feed_id', 'target_id', 'created_at', 'updated_at');
  assert.deepEqual(listed.results.map((follow) => follow.target_id), [second.id, first.id]);
  assert.equal((await timeline.following({ offset: '1', limit: '1' })).results[0].target_id, first.id);
  const filtered = await timeline.following({ filter: [first.id, 'user:none'] });
  assert.deepEqual(filtered.results.map((follow) => follow.target_id), [first.id]);
  assert.equal((await first.followers()).results[0].feed_id, timeline.id);
  const { results } = await timeline.followStats({ followingSlugs: ['flat'] });
  assert.deepEqual(results.following, { count: 1, feed: timeline.id });
  assert.deepEqual(results.followers, { count: 0, feed: timeline.id });
});

test('many feeds are followed and unfollowed at once', async () => {
  const [timeline, first, second] = [emptyFeed('timeline'), emptyFeed(), emptyFeed()];
  const [kept] = await add(first);
  await add(second);
  const pairs = [first, second].map((feed) => ({ source: timeline.id, target: feed.id }));
  await server.followMany(pairs, 5);
  assert.equal((await idsOf(timeline)).length, 2);
  await server.unfollowMany([{ ...pairs[0], keep_history: true }, pairs[1]]);
  assert.deepEqual(await idsOf(timeline), [kept]);
  assert.deepEqual((await timeline.following()).results, []);
});

test('a user follows any flat feed with own feeds', async () => {
  const user = emptyFeed();
  const ids = await add(user);
  await ann.feed('timeline').follow(user.slug, user.userId);
  assert.deepEqual(await idsOf(ann.feed('timeline')), ids);
  await assertStatus(403, () => ann.feed('timeline', 'bob').follow(user.slug, user.userId));
  await ann.feed('timeline').follow('timeline', 'bob');
  await assertStatus(400, () => ann.feed('timeline').follow('notification', 'ann'));
  await assertStatus(400, () => ann.feed('timeline').follow('timeline', 'ann'));
  await assertStatus(403, () => ann.feed('timeline', 'bob').unfollow(user.slug, user.userId));
});
