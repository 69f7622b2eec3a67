// Property: `ringroad serve` keeps many official Node clients apart, and one that does not read
// costs the others nothing.
// Method: 50 clients on one topic; then one client's socket is paused and gets megabytes, while the
// sender goes on only when a healthy reader has got the last batch.
'use strict';

const assert = require('assert');
const { run, serve, until } = require('./harness');
const { connected } = require('./node_client');

const CROWD = 50;
const BATCH = 16;
const MESSAGE_BYTES = 16384;
const FLOOD_BYTES_MAX = 256 * 1024 * 1024;

let program;
let sender;
let crowd;

async function stats() {
  return (await sender.call('/ringroad/stats')).param;
}

const checks = [
  ['starts', async () => {
    program = await serve();
    sender = await connected(program.url);
  }],

  [`${CROWD} clients at once, each with an id of its own`, async () => {
    crowd = await Promise.all(Array.from({ length: CROWD }, () => connected(program.url)));
    assert.strictEqual(new Set(crowd.map((client) => client.id())).size, CROWD);
    assert.strictEqual((await stats()).clients_now, CROWD + 1);
  }],

  [`${CROWD} clients: each message once to each subscriber`, async () => {
    await Promise.all(crowd.map((client, i) => client.subscribe(['/all', `/one/${i}`])));
    for (let i = 0; i < CROWD; i++) {
      sender.datagram('/all', { param: [i] });
      sender.datagram(`/one/${i}`, { param: { i } });
    }
    for (const [i, client] of crowd.entries()) {
      const got = [];
      for (let n = 0; n < CROWD + 1; n++) got.push(await client.messages.next());
      const all = got.filter(({ url }) => url === '/all').map(({ param }) => param[0]);
      assert.deepStrictEqual(all, Array.from({ length: CROWD }, (_, n) => n));
      const own = got.filter(({ url }) => url !== '/all');
      assert.deepStrictEqual(own.map(({ url, param }) => [url, param]), [[`/one/${i}`, { i }]]);
    }
    await Promise.all(crowd.map((client) => client.ping()));
    crowd.forEach((client) => assert.deepStrictEqual(client.messages.items, []));
  }],

  ['those who leave are forgotten', async () => {
    crowd.forEach((client) => client.close());
    await until(async () => (await stats()).clients_now === 1, 'one client left');
    sender.datagram('/all', { param: [0] });
    await sender.ping();
  }],

  ['a reconnected client has no subscriptions, and may subscribe again', async () => {
    const client = await connected(program.url);
    await client.subscribe('/again');
    client.close();
    await client.connect(program.url);
    sender.datagram('/again', { param: ['lost'] });
    await sender.ping();
    await client.subscribe('/again');
    sender.datagram('/again', { param: ['got'] });
    assert.deepStrictEqual((await client.messages.next()).param, ['got']);
    client.close();
  }],

  ['F8 a client that does not read delays nobody, and is closed', async () => {
    const stalled = await connected(program.url);
    const reader = await connected(program.url);
    await stalled.subscribe('/flood');
    await reader.subscribe('/flood');
    stalled.socket().pause();
    const data = Buffer.alloc(MESSAGE_BYTES, 'f');
    let sent = 0;
    while ((await stats()).closed_slow_client === 0) {
      assert(sent * MESSAGE_BYTES < FLOOD_BYTES_MAX, 'the stalled client was never closed');
      for (let i = 0; i < BATCH; i++) sender.datagram('/flood', { param: [sent + i], data });
      for (let i = 0; i < BATCH; i++, sent++) {
        assert.deepStrictEqual((await reader.messages.next()).param, [sent]);
      }
      assert.strictEqual(stalled.messages.items.length, 0);
    }
    await reader.ping();
    await until(async () => (await stats()).clients_now === 2, 'two clients left');
    stalled.socket().resume();
    await stalled.closedByServer();
    [stalled, reader].forEach((client) => client.close());
  }],

  ['SIGTERM: exit code 0', async () => {
    assert.strictEqual(await program.stop(), 0);
    sender.close();
  }],
];

run(checks);
