// Activities: added, overwritten, changed, looked up and removed, and their copies in targets.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ACTIVITY, assertKeys, assertStatus, plain, server, userClient } from './clients.mjs';

const TIME = '2026-03-04T05:06:07.890000';
let ann;
let bob;
let number = 0;

before(async () => {
  ann = await userClient('ann');
  bob = await userClient('bob');
});

/** Return a feed that is empty, of the server's client. */
function emptyFeed(group = 'user') {
  number += 1;
  return server.feed(group, `activities-${number}`);
}

/** Return an activity to add, with an id and a time of its own. */
function activity(foreignId, more = {}) {
  return { actor: '1', verb: 'add', object: '1', foreign_id: foreignId, time: TIME, ...more };
}

/** Return the ids of the activities of a feed. */
async function idsOf(feed, options = {}) {
  return (await feed.get(options)).results.map(({ id }) => id);
}

test('a batch is read newest first, page by page', async () => {
  const feed = emptyFeed();
  const { activities } = await feed.addActivities(
    ['a', 'b', 'c'].map((verb) => ({ actor: 1, verb, object: 1 })),
  );
  const [oldest, middle, newest] = activities.map(({ id }) => id);
  assert.deepEqual(await idsOf(feed), [newest, middle, oldest]);
  assert.deepEqual(await idsOf(feed, { limit: 2, offset: 1 }), [middle, oldest]);
  assert.deepEqual(await idsOf(feed, { limit: 1, id_lt: middle }), [oldest]);
  assert.deepEqual(await idsOf(feed, { id_gte: middle }), [newest, middle]);
  assertKeys((await feed.get({ limit: 1 })).results[0], ...ACTIVITY);
});

test('one foreign id and time is one activity, and the later content counts', async () => {
  const feed = emptyFeed();
  const first = await feed.addActivity(activity('todo:1', { object: 1 }));
  const second = await feed.addActivity(activity('todo:1', { object: 2 }));
  const { results } = await feed.get();
  assert.deepEqual(results.map(({ id, object }) => [id, object]), [[first.id, '2']]);
  assert.deepEqual(second.to, []);
});

test('activities are overwritten with a foreign id and a time', async () => {
  const feed = emptyFeed();
  const added = await feed.addActivity(activity('todo:2', { note: 'x' }));
  const { to, duration, ...sent } = added;
  await server.updateActivities([{ ...sent, answer: 10 }]);
  const [found] = (await feed.get()).results;
  assert.deepEqual([found.id, found.answer, found.note], [added.id, 10, 'x']);
  await assertStatus(400, () => server.updateActivity({ ...sent, time: 'soon' }));
  await assertStatus(400, () => server.updateActivity({ ...sent, foreign_id: undefined }));
});

test('fields are set and unset by path', async () => {
  const feed = emptyFeed();
  const first = await feed.addActivity(activity('todo:3', { shares: { a: 1, b: 2 }, color: 'red' }));
  const second = await feed.addActivity(activity('todo:4', { color: 'red' }));
  const shown = await server.activityPartialUpdate({
    id: first.id,
    set: { 'shares.a': 3, deep: { down: true } },
    unset: ['color'],
  });
  assert.deepEqual([shown.shares, shown.deep, shown.color], [{ a: 3, b: 2 }, { down: true }, undefined]);
  const { activities } = await server.activitiesPartialUpdate([
    { id: first.id, unset: ['shares.b'] },
    { foreign_id: second.foreign_id, time: second.time, set: { color: 'blue' } },
  ]);
  assert.deepEqual(activities.map(({ shares, color }) => [shares, color]), [
    [{ a: 3 }, undefined],
    [undefined, 'blue'],
  ]);
  await assertStatus(400, () => server.activityPartialUpdate({ id: first.id, set: { actor: '2' } }));
});

test('activities are looked up by id, and by foreign id and time', async () => {
  const feed = emptyFeed();
  const added = await feed.addActivity(activity('todo:5'));
  const [shown] = (await feed.get()).results;
  const byId = await server.getActivities({ ids: [added.id] });
  const pair = { foreignID: added.foreign_id, time: added.time };
  const byPair = await server.getActivities({ foreignIDTimes: [pair] });
  assert.deepEqual([byId.results, byPair.results], [[shown], [shown]]);
  const detail = await ann.feed('user').addActivity({ verb: 'add', object: '1' });
  assert.equal((await ann.feed('user').getActivityDetail(detail.id)).results[0].id, detail.id);
});

test('activities are removed by id and by foreign id', async () => {
  const feed = emptyFeed();
  const first = await feed.addActivity(activity('todo:6'));
  await feed.addActivity(activity('todo:7'));
  assert.equal((await feed.removeActivity(first.id)).removed, first.id);
  await feed.removeActivity({ foreignId: 'todo:7' });
  await feed.removeActivity({ foreignId: 'never there' });
  assert.deepEqual(await idsOf(feed), []);
});

test('a server copies an activity to targets, and changes them later', async () => {
  const [feed, first, second] = [emptyFeed(), emptyFeed('flat'), emptyFeed('notification')];
  const { id } = await feed.addActivity(activity('todo:8', { to: [first.id] }));
  assert.deepEqual(await idsOf(first), [id]);

  const moved = await feed.updateActivityToTargets('todo:8', TIME, [second.id]);
  assert.deepEqual([moved.activity.to, moved.added, moved.removed], [[second.id], [second.id], [first.id]]);
  assert.deepEqual(await idsOf(first), []);
  await feed.updateActivityToTargets('todo:8', TIME, null, [first.id], [second.id]);
  assert.deepEqual((await feed.get()).results[0].to, [first.id]);
  await feed.updateActivityToTargets('todo:8', TIME, null, null, [first.id]);
  assert.equal((await feed.get()).results[0].to, undefined);
  await assertStatus(404, () => feed.updateActivityToTargets('todo:none', TIME, [first.id]));
});

test('a user copies activities to own feeds and to notifications', async () => {
  const own = { verb: 'add', object: '1' };
  await assertStatus(403, () => ann.feed('user').addActivity({ ...own, to: ['user:bob'] }));
  await assertStatus(403, () => ann.feed('user').addActivity({ ...own, to: ['timeline:bob'] }));
  await assertStatus(400, () => ann.feed('user').addActivity({ ...own, to: 'user:ann' }));
  const { id } = await ann.feed('user').addActivity({ ...own, to: ['notification:bob', 'flat:ann'] });
  assert.deepEqual(await idsOf(ann.feed('flat')), [id]);
  const [group] = (await bob.feed('notification').get()).results;
  assert.equal(group.activities[0].id, id);
  assert.deepEqual(group.activities[0].actor, ann.currentUser.full);
});

test('a user neither acts as another one nor changes any activity', async () => {
  const added = plain(await ann.feed('user').addActivity({ ...activity('todo:9'), actor: ann.currentUser }));
  await assertStatus(403, () => ann.feed('user').addActivity({ ...activity('todo:10'), actor: 'SU:bob' }));
  await assertStatus(403, () => bob.feed('user', 'ann').removeActivity(added.id));
  await assertStatus(403, () => bob.feed('user', 'ann').addActivity({ verb: 'add', object: '1' }));
  await assertStatus(400, () => ann.feed('user').addActivity({ verb: 'add' }));
});

test('an activity is added to many feeds, but not to their followers', async () => {
  const [first, second, follower] = [emptyFeed('flat'), emptyFeed('flat'), emptyFeed('timeline')];
  await follower.follow(first.slug, first.userId);
  await server.addToMany(activity('todo:11'), [first.id, second.id]);
  const [id] = await idsOf(first);
  assert.deepEqual([await idsOf(second), await idsOf(follower)], [[id], []]);
});
