// Users, collections, references and open graph data, as users' tokens may use them.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ACTIVITY, assertKeys, assertStatus, newUserClient, plain, server, userClient } from './clients.mjs';

const NOWHERE = '00000000-0000-0000-0000-000000000000';
let ann;
let bob;

before(async () => {
  ann = await userClient('ann');
  bob = await userClient('bob');
});

test('a user creates and changes that user only', async () => {
  const eve = newUserClient('eve');
  await assertStatus(404, () => eve.user('eve').get());
  await eve.currentUser.getOrCreate({ name: 'Eve' });
  assertKeys(eve.currentUser.full, 'id', 'data', 'created_at', 'updated_at');
  await assertStatus(409, () => eve.user('eve').create({ name: 'Other' }));
  await assertStatus(400, () => eve.user('eve').update('text'));
  await assertStatus(403, () => eve.user('max').create());
  await assertStatus(403, () => eve.user('bob').update({ name: 'Other' }));
  await assertStatus(403, () => eve.user('bob').delete());
  await eve.user('eve').delete();
  await assertStatus(404, () => eve.user('eve').get());
});

test('a profile counts timelines that follow users', async () => {
  await ann.feed('timeline', 'ann').follow('user', 'bob');
  await bob.feed('timeline', 'bob').follow('user', 'ann');
  await bob.feed('notification', 'bob').follow('user', 'ann');
  const profile = await ann.user('bob').profile();
  assert.equal(profile.full.following_count, 1);
  assert.equal(profile.full.followers_count, 1);
});

test('a user changes own entries of a collection only', async () => {
  const milk = await ann.collections.add('food', null, { name: 'milk' });
  assert.deepEqual(plain((await bob.collections.get('food', milk.id)).full), plain(milk.full));
  await assertStatus(409, () => ann.collections.add('food', milk.id, { name: 'tea' }));
  await assertStatus(403, () => bob.collections.update('food', milk.id, { name: 'tea' }));
  await assertStatus(403, () => bob.collections.delete('food', milk.id));
  await assertStatus(400, () => ann.collections.add('food', '!', { name: 'tea' }));
  await assertStatus(400, () => ann.collections.add('food', null, {}));
  assert.deepEqual(plain(await ann.collections.delete('food', milk.id)), {});
  await assertStatus(404, () => ann.collections.get('food', milk.id));
});

test('a server writes, selects and deletes many entries', async () => {
  const { data } = await server.collections.upsert('food', [{ id: '1', name: 'a' }, { id: '2' }]);
  assert.deepEqual(data, { food: [{ id: '1', name: 'a' }, { id: '2' }] });
  await server.collections.deleteMany('food', ['2', '3']);
  const { response } = await server.collections.select('food', ['1', '2']);
  assert.deepEqual(response.data.map((entry) => entry.foreign_id), ['food:1']);
});

test('references are expanded for a user, and by id', async () => {
  const tea = await ann.collections.add('food', null, { name: 'tea' });
  const added = await ann.feed('user').addActivity({ verb: 'drink', object: tea });
  const { results } = await ann.feed('user').get({ limit: 1 });
  assertKeys(results[0], ...ACTIVITY);
  assert.deepEqual(results[0].actor, ann.currentUser.full);
  assert.deepEqual(results[0].object, plain(tea.full));
  assert.deepEqual((await bob.getActivities({ ids: [added.id] })).results, results);
  assert.deepEqual((await bob.feed('timeline').get()).results[0].object, plain(tea.full));
});

test('a reference that leads nowhere is an error in its place', async () => {
  const sent = { about: `SA:${NOWHERE}`, cause: `SR:${NOWHERE}` };
  await ann.feed('user').addActivity({ verb: 'eat', object: 'SO:food:none', ...sent });
  const [found] = (await ann.feed('user').get({ limit: 1 })).results;
  const error = 'ReferenceNotFound';
  assert.deepEqual(found.object, {
    collection: 'food',
    error,
    id: 'none',
    reference: 'SO:food:none',
    reference_type: 'object',
  });
  const missing = { error, id: NOWHERE };
  assert.deepEqual(found.about, { ...missing, reference: sent.about, reference_type: 'activity' });
  assert.deepEqual(found.cause, { ...missing, reference: sent.cause, reference_type: 'reaction' });
});

test('open graph data comes from the settings', async () => {
  assert.equal((await ann.og('https://example.com/')).title, 'Example');
  await assertStatus(400, () => ann.og('https://example.com/other'));
});

test('the personalized feed is empty, and the own one only', async () => {
  const page = await ann.personalizedFeed({ feed_slug: 'timeline', limit: 3 });
  assertKeys(page, 'results', 'limit', 'offset', 'version', 'duration');
  assert.deepEqual([page.results, page.limit, page.offset], [[], 3, 0]);
  assert.deepEqual((await ann.personalizedFeed({ user_id: 'ann' })).results, []);
  assert.deepEqual((await server.personalizedFeed({ user_id: 'ann' })).results, []);
  await assertStatus(403, () => ann.personalizedFeed({ user_id: 'bob' }));
  await assertStatus(404, () => ann.personalizedFeed({ endpoint: 'not_existing' }));
});
