// Property: the official Node client gets from `ringroad playground` just what its contract says.
// Method: every line of the contract (`ringroad playground --help`), with good and bad input. What
// must not come is waited for by the rounds that another client hears.
'use strict';

const assert = require('assert');
const { Program, ringroad, run, until } = require('./harness');
const { NodeClient, connected, vsoa } = require('./node_client');
const { RawClient, TYPE } = require('./packet');

const PACKET_BYTES_MAX = 262144;
const HEADER_BYTES = 20;
const FLEET = ['/fleet/1/pos', '/fleet/2/pos', '/fleet/3/pos'];
const SET = { method: vsoa.method.SET };
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

let program;
let locked;
let client;
let witness;

function playground(...args) {
  const all = ['playground', '--listen', '127.0.0.1:0', ...args];
  return new Program(ringroad(), all).ready();
}

async function echo(payload, method = vsoa.method.GET) {
  const answer = (await client.call('/echo', { method }, payload)) || {};
  return { param: answer.param, data: answer.data };
}

async function expectEcho({ param, data }) {
  for (const method of [vsoa.method.GET, vsoa.method.SET]) {
    const answer = await echo({ param, data }, method);
    assert.deepStrictEqual(answer.param, param);
    assert.deepStrictEqual(answer.data, data);
  }
}

async function expectStatus(status, url, payload, options = {}) {
  const error = await client.refusal(url, options, payload);
  assert.strictEqual(error.status, status, `${url} ${JSON.stringify(payload)}`);
  return error;
}

// The contract's message of this URL, whatever its round is.
function expectContract({ url, param, data, quick }) {
  const n = url.startsWith('/fleet/') ? param.x : param.n;
  assert(Number.isInteger(n) && n > 0, JSON.stringify(param));
  if (url === '/tick') {
    assert.deepStrictEqual([param, data, quick], [{ n }, undefined, false]);
  } else if (url === '/qtick') {
    assert.deepStrictEqual([param, data, quick], [{ n }, Buffer.from('Q'), true]);
  } else {
    const id = FLEET.indexOf(url) + 1;
    assert(id > 0, url);
    assert.deepStrictEqual(param, { id, x: n, y: -n });
    assert.deepStrictEqual([data, quick], [Buffer.from([id, n & 255]), false]);
  }
  return n;
}

// `count` rounds, as another client hears them.
async function rounds(count) {
  witness.messages.items.length = 0;
  for (let i = 0; i < count; i++) await witness.messages.next();
}

// Subscribes, takes what comes in a few rounds, unsubscribes and sees that nothing more comes.
async function heard(subscriptions, unsubscriptions = subscriptions) {
  await client.subscribe(subscriptions);
  await rounds(4);
  await client.unsubscribe(unsubscriptions);
  const came = client.messages.items.splice(0);
  await rounds(2);
  const late = client.messages.items.splice(0).filter(({ quick }) => !quick);
  assert.deepStrictEqual(late, []);
  const byUrl = {};
  for (const message of came) (byUrl[message.url] ||= []).push(expectContract(message));
  for (const [url, numbers] of Object.entries(byUrl)) {
    numbers.forEach((n, i) => {
      const next = i === 0 || (url === '/qtick' ? n > numbers[i - 1] : n === numbers[i - 1] + 1);
      assert(next, `${url}: ${numbers}`);
    });
    assert(numbers.length >= 2 || url === '/qtick', `${url}: ${numbers}`);
  }
  return Object.keys(byUrl).sort();
}

const reliable = (urls) => urls.filter((url) => url !== '/qtick');

const SHAPES = [
  {}, [], 'text', { a: { b: [[], {}, [null, true, false]] } }, [1, -2.5, 1e300, 'x', null],
  { 'é "quoted" \\': '車両 🚗 \u0000 \n' }, { int: 2 ** 53 - 1, negative: -(2 ** 53) + 1 },
];

const checks = [
  ['starts', async () => {
    program = await playground();
    locked = await playground('--password', 'pässword');
    client = new NodeClient();
    assert.deepStrictEqual(await client.connect(program.url), { name: 'ringroad playground' });
    witness = await connected(program.url);
    await witness.subscribe('/tick');
  }],

  ['password: right, wrong, missing', async () => {
    (await connected(locked.url, { passwd: 'pässword' })).close();
    for (const options of [{ passwd: 'password' }, {}]) {
      await assert.rejects(new NodeClient(options).connect(locked.url));
    }
  }],
  ['B17 a password that nobody asked for', async () => {
    (await connected(program.url, { passwd: 'any' })).close();
  }],

  ['/echo: param, data, both, neither; GET and SET', async () => {
    await expectEcho({ param: { hello: 'world' }, data: EVERY_BYTE });
    await expectEcho({ data: EVERY_BYTE });
    await expectEcho({});
  }],
  ['/echo: every shape of JSON', async () => {
    for (const param of SHAPES) await expectEcho({ param });
  }],
  ['/echo: 60 KiB of data, and of param', async () => {
    await expectEcho({ data: Buffer.alloc(60 * 1024, EVERY_BYTE) });
    await expectEcho({ param: { text: 'x'.repeat(60 * 1024) } });
  }],
  ['A16 /echo: the largest packet', async () => {
    const bytes = PACKET_BYTES_MAX - HEADER_BYTES - '/echo'.length;
    await expectEcho({ data: Buffer.alloc(bytes, 'ring') });
  }],
  ['/add', async () => {
    assert.deepStrictEqual((await client.call('/add', {}, { param: { a: 19, b: 23 } })).param,
      { sum: 42 });
    assert.deepStrictEqual((await client.call('/add', {}, { param: { a: 0.5, b: -1 } })).param,
      { sum: -0.5 });
    for (const param of [{ a: 19 }, { a: '19', b: 23 }, [19, 23], 'text']) {
      await expectStatus(2, '/add', { param });
    }
    await expectStatus(2, '/add', {});
  }],
  ['C4 /wild/ and what is below', async () => {
    for (const url of ['/wild/x/y', '/wild/x', '/wild//x', '/wild/', '/wild']) {
      assert.deepStrictEqual((await client.call(url)).param, { url });
    }
    await expectStatus(3, '/wildx');
  }],
  ['W21 /prio: the client is told by a QOSSETUP, behind the answer', async () => {
    const told = client.priorities;
    const get = async () => (await client.call('/prio', {})).param;
    const set = async (param) => (await client.call('/prio', SET, { param })).param;
    assert.deepStrictEqual(await get(), { prio: 0 });
    assert.deepStrictEqual(await set({ prio: 5 }), { prio: 5 });
    assert.deepStrictEqual(await get(), { prio: 5 });
    await client.ping();
    assert.deepStrictEqual(told, [5]);
    for (const param of [{ prio: 8 }, { prio: -1 }, { prio: '1' }, [1]]) {
      await expectStatus(2, '/prio', { param }, SET);
    }
    assert.deepStrictEqual(await set({ prio: 0 }), { prio: 0 });
    await client.ping();
    assert.deepStrictEqual(told, [5, 0]);
  }],

  ['C5 /method', async () => {
    for (const method of [vsoa.method.GET, vsoa.method.SET]) {
      assert.deepStrictEqual((await client.call('/method', { method })).param, { method });
    }
  }],
  ['/fail: status and payload', async () => {
    for (const status of [1, 2, 3, 4, 5, 6, 7, 99, 128, 254]) {
      const error = await expectStatus(status, '/fail', { param: { status } });
      assert.deepStrictEqual(error.payload.param, { error: 'asked' });
    }
    await expectStatus(2, '/fail', { param: { status: 256 } });
    await expectStatus(2, '/fail', {});
  }],
  ['C3 any other URL: status 3', async () => {
    for (const url of ['/', '/ech', '/echo/', '/echo/x', '/tick']) await expectStatus(3, url, {});
  }],
  ['200 calls at once, each with its own answer', async () => {
    const calls = Array.from({ length: 200 }, (_, i) => echo({ param: { i } }));
    (await Promise.all(calls)).forEach(({ param }, i) => assert.deepStrictEqual(param, { i }));
  }],
  ['calls without a callback disturb nobody', async () => {
    for (let i = 0; i < 20; i++) {
      client.client.call('/echo', {}, { param: { nobody: 'waits' } });
      assert.deepStrictEqual((await echo({ param: { i } })).param, { i });
    }
  }],

  ['subscribe: exact', async () => assert.deepStrictEqual(await heard('/tick'), ['/tick'])],
  ['subscribe: prefix', async () => assert.deepStrictEqual(await heard('/fleet/'), FLEET)],
  ['subscribe: no children without a slash', async () => {
    assert.deepStrictEqual(await heard(['/fleet', '/fleet/1', '/tic']), []);
  }],
  ['subscribe: all', async () => {
    assert.deepStrictEqual(reliable(await heard('/')), [...FLEET, '/tick']);
  }],
  ['D13 subscribe: overlapping, one copy', async () => {
    assert.deepStrictEqual(reliable(await heard(['/', '/tick', '/fleet/'])), [...FLEET, '/tick']);
  }],
  ['subscribe: list', async () => {
    const list = ['/fleet/2/pos', '/tick'];
    assert.deepStrictEqual(await heard(list), list);
  }],
  ['D14 unsubscribe(null): everything ends', async () => {
    assert.deepStrictEqual(await heard(['/tick', '/fleet/1/pos'], null), ['/fleet/1/pos', '/tick']);
  }],
  ['D21 quick publishes', async () => {
    await client.subscribe('/qtick');
    const first = expectContract(await client.messages.next());
    assert(expectContract(await client.messages.next()) > first);
    await client.unsubscribe('/qtick');
  }],

  ['/dgram/last before any datagram', async () => {
    assert.deepStrictEqual((await client.call('/dgram/last')).param, { n: 0, last: null });
  }],
  ['a datagram comes back', async () => {
    client.datagram('/any/url', { param: { k: [1] }, data: EVERY_BYTE });
    const { url, param, data, quick } = await client.datagrams.next();
    assert.deepStrictEqual([url, param, data, quick], ['/any/url', { k: [1] }, EVERY_BYTE, false]);
    assert.deepStrictEqual((await client.call('/dgram/last')).param,
      { n: 1, last: { url: '/any/url', quick: false, param: { k: [1] }, len: 256 } });
  }],
  ['a quick datagram comes back quick', async () => {
    const echoed = await until(async () => {
      client.datagram('/quick', { param: { q: 1 } }, true);
      await client.ping();
      return client.datagrams.items.find(({ url }) => url === '/quick');
    }, 'the echo');
    assert.deepStrictEqual([echoed.param, echoed.data, echoed.quick], [{ q: 1 }, undefined, true]);
    const { last } = (await client.call('/dgram/last')).param;
    assert.deepStrictEqual(last, { url: '/quick', quick: true, param: { q: 1 }, len: 0 });
  }],
  ['E1 a datagram without URL is counted, not echoed', async () => {
    const raw = new RawClient(program.url);
    raw.send({ type: TYPE.servinfo });
    await raw.packets.next();
    const before = (await client.call('/dgram/last')).param.n;
    raw.send({ type: TYPE.datagram, data: 'xyz' }, { type: TYPE.ping, seqno: 5 });
    assert.strictEqual((await raw.packets.next()).type, TYPE.ping);
    const { n, last } = (await client.call('/dgram/last')).param;
    assert.strictEqual(n, before + 1);
    assert.deepStrictEqual(last, { url: '', quick: false, param: null, len: 3 });
    raw.socket.destroy();
  }],

  ['ping and noop', async () => {
    await client.ping();
    const raw = new RawClient(program.url);
    raw.send({ type: TYPE.servinfo }, { type: TYPE.noop }, { type: TYPE.ping, seqno: 9 });
    assert.strictEqual((await raw.packets.next()).type, TYPE.servinfo);
    assert.strictEqual((await raw.packets.next()).seqno, 9);
    raw.socket.destroy();
  }],
  ['reconnect: the next connection is as good', async () => {
    client.close();
    client = await connected(program.url);
    await expectEcho({ param: { again: true } });
    assert.deepStrictEqual(await heard('/tick'), ['/tick']);
  }],
  ['SIGTERM: exit code 0', async () => {
    assert.strictEqual(await program.stop(), 0);
    assert.strictEqual(await locked.stop(), 0);
    [client, witness].forEach((one) => one.close());
  }],
];

run(checks);
