// Reactions: what a user may do, and how activities show them.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import {
  ACTIVITY,
  assertKeys,
  assertStatus,
  plain,
  REACTION,
  REACTIONS,
  server,
  userClient,
} from './clients.mjs';

const EVERYTHING = { reactions: { own: true, recent: true, counts: true } };
let ann;
let bob;
let eve;

before(async () => {
  [ann, bob, eve] = await Promise.all(['ann', 'bob', 'eve'].map(userClient));
});

/** Add an activity of ann, and return it as it was added. */
async function add() {
  return plain(await ann.feed('user').addActivity({ verb: 'add', object: 'todo:1' }));
}

/** Return the newest activity of ann as the client sees it. */
async function newest(client, options = EVERYTHING) {
  const { results } = await client.feed('user', 'ann').get({ limit: 1, ...options });
  return results[0];
}

test('a reaction has its user and is shown in the activity', async () => {
  const activity = await add();
  const like = await bob.reactions.add('like', activity.id);
  assertKeys(like, 'duration', ...REACTION);
  assert.deepEqual(like.user, bob.currentUser.full);
  const shown = await newest(bob);
  assertKeys(shown, ...ACTIVITY, ...REACTIONS);
  assert.deepEqual(shown.own_reactions, { like: [plain(like)] });
  assert.deepEqual(shown.latest_reactions, { like: [plain(like)] });
  assert.deepEqual((await newest(eve)).own_reactions, {});
  const filtered = await eve.reactions.filter({ activity_id: activity.id, with_activity_data: true });
  assert.deepEqual({ ...filtered.activity, ...activity, actor: ann.currentUser.full }, filtered.activity);
});

test('more reactions are behind a link, and on pages', async () => {
  const { id } = await add();
  const likes = [];
  for (let index = 0; index < 8; index += 1) likes.unshift(plain(await bob.reactions.add('like', id, { index })));
  const shown = await newest(bob);
  assert.deepEqual(shown.latest_reactions.like, likes.slice(0, 5));
  const { pathname, searchParams } = new URL(shown.latest_reactions_extra.like.next);
  assert.ok(pathname.endsWith(`/reaction/activity_id/${id}/like/`));
  assert.deepEqual(Object.fromEntries(searchParams), {
    id_lt: likes[4].id,
    limit: '5',
    withOwnChildren: 'false',
  });
  const read = [];
  const conditions = { activity_id: id, kind: 'like', limit: 4 };
  for (let next = true; next; ) {
    const page = await ann.reactions.filter(conditions);
    read.push(...page.results);
    conditions.id_lt = page.results.at(-1).id;
    next = page.next;
  }
  assert.deepEqual(read, likes);
});

test('the feeds that a reaction targets show it as an activity', async () => {
  const activity = await add();
  const targetFeeds = [bob.feed('user').id, bob.feed('notification', 'eve').id];
  const comment = await bob.reactions.add('comment', activity.id, { text: 'x' }, {
    targetFeeds,
    targetFeedsExtraData: { custom: 'y' },
  });
  delete comment.target_feeds_extra_data;
  const [shown] = (await ann.feed('user', 'bob').get()).results;
  assertKeys(shown, 'custom', 'reaction', ...ACTIVITY);
  assert.deepEqual(shown.reaction, plain(comment));
  assert.deepEqual(shown.object, { ...activity, actor: ann.currentUser.full });
  assert.equal(shown.foreign_id, `reaction:${comment.id}`);
  assert.equal(`${shown.time}Z`, comment.created_at);
  assert.equal(shown.target, '');
  const [group] = (await eve.feed('notification').get()).results;
  assert.deepEqual(group.activities, [shown]);

  await bob.reactions.update(comment.id, { text: 'z' }, { targetFeeds: targetFeeds.slice(0, 1) });
  assert.deepEqual((await eve.feed('notification').get()).results, []);
  await bob.reactions.delete(comment.id);
  assert.deepEqual((await ann.feed('user', 'bob').get()).results, []);
});

test('children are counted, and the newest ten are shown', async () => {
  const comment = await bob.reactions.add('comment', (await add()).id);
  await Promise.all(Array.from({ length: 12 }, () => ann.reactions.addChild('like', comment)));
  const found = await eve.reactions.get(comment.id);
  assert.deepEqual(found.children_counts, { like: 12 });
  assert.equal(found.latest_children.like.length, 10);
  const shown = await newest(ann, { reactions: { recent: true, own_children: true } });
  assert.equal(shown.latest_reactions.comment[0].own_children.like.length, 5);
});

test('a user changes own reactions only', async () => {
  const { id } = await add();
  const comment = await bob.reactions.add('comment', id);
  await assertStatus(403, () => ann.reactions.update(comment.id, { text: 'x' }));
  await assertStatus(403, () => ann.reactions.delete(comment.id));
  await assertStatus(409, () => bob.reactions.add('comment', id, {}, { id: comment.id }));
  await assertStatus(403, () => bob.reactions.update(comment.id, {}, { targetFeeds: ['timeline:ann'] }));
  await assertStatus(403, () => bob.reactions.add('like', id, {}, { targetFeeds: ['timeline:ann'] }));
  await assertStatus(400, () => bob.reactions.add('like', id, {}, { userId: 'ann' }));
  await assertStatus(400, () => bob.reactions.add('like', id, 'text'));
  await assertStatus(400, () => bob.reactions.addChild('like', { id: 'unknown' }));
  assert.deepEqual(plain(await bob.reactions.delete(comment.id)), {});
  await assertStatus(404, () => ann.reactions.delete(comment.id));
  assert.deepEqual((await newest(ann)).reaction_counts, { comment: 0 });
});

test('a server reacts for a user', async () => {
  const { id } = await add();
  const comment = await server.reactions.add('comment', id, {}, { userId: 'bob' });
  const like = await server.reactions.addChild('like', comment, {}, { userId: 'ann' });
  assert.deepEqual((await bob.reactions.get(like.id)).user, ann.currentUser.full);
  await assertStatus(400, () => server.reactions.add('like', id));
});
