// Property: a server made with the library serves the official Node client: calls, deferred
// replies, its own publishes and datagrams, what it knows of its clients.
// Method: interop_peer's server has a command for each; its lines tell what its handlers saw.
'use strict';

const assert = require('assert');
const dgram = require('dgram');
const { peerServer, run, until } = require('./harness');
const { connected, vsoa } = require('./node_client');
const { RawClient, TUNNEL, TYPE, encode } = require('./packet');

const PAYLOAD_BYTES_MAX = 262124;
const SILENCE_MS = 40; // the server keeps 50 ms; the clocks of two processes differ

let program;
let client;

function echoed(payload) {
  return client.call('/echo', {}, payload);
}

async function isSubscribed(url) {
  return (await client.call('/subscribed', {}, { data: Buffer.from(url) })).param;
}

async function nextCounters(inbox, count) {
  const counters = [];
  while (counters.length < count) counters.push((await inbox.next()).param[0]);
  return counters;
}

// Sends quick datagrams until one is echoed.
async function quickEcho(url, payload) {
  return until(async () => {
    client.datagram(url, payload, true);
    await client.ping();
    const at = client.datagrams.items.findIndex((datagram) => datagram.url === url);
    return at >= 0 && client.datagrams.items.splice(at, 1)[0];
  }, `quick ${url}`);
}

// Does the handshake reply come alone, and nothing behind it until the client speaks again?
async function silentAfterHandshake() {
  const raw = new RawClient(program.url);
  const reply = await raw.login();
  const hello = await raw.packets.next();
  raw.close();
  assert.deepStrictEqual([reply.type, hello.type], [TYPE.servinfo, TYPE.datagram]);
  const [first, second] = raw.segments;
  return first.bytes === reply.total && second.at - first.at >= SILENCE_MS;
}

const checks = [
  ['starts', async () => {
    program = await peerServer();
    client = await connected(program.url);
  }],

  ['V25 on_client hears of a client once, the client gets a datagram from it', async () => {
    const wanted = `client ${client.id()} connected`;
    assert.strictEqual(await program.lines.next(), wanted);
    const { url, param, quick } = await client.datagrams.next();
    assert.deepStrictEqual([url, param, quick], ['/hello', { hello: true }, false]);
  }],

  ['echo: param and data of every shape', async () => {
    const data = Buffer.from([0, 1, 255]);
    for (const param of [{ a: [1, 'é', null] }, {}, [1, [2]], [], 'text', '']) {
      assert.deepStrictEqual((await echoed({ param })).param, param);
      assert.deepStrictEqual(await echoed({ param, data }), { param, data });
    }
    assert.deepStrictEqual((await echoed({ data })).data, data);
  }],
  ['A15 echo: numbers, booleans and null', async () => {
    for (const text of ['42', '-0.5', 'true', 'false', 'null']) {
      const { param } = await echoed({ param: Buffer.from(text) });
      assert.strictEqual(param, JSON.parse(text));
    }
  }],
  ['A16 echo: the largest packet', async () => {
    const data = Buffer.alloc(PAYLOAD_BYTES_MAX - '/echo'.length, 'e');
    assert((await echoed({ data })).data.equals(data));
  }],

  ['C5 GET and SET', async () => {
    assert.strictEqual((await client.call('/method', { method: vsoa.method.GET })).param, 'get');
    assert.strictEqual((await client.call('/method', { method: vsoa.method.SET })).param, 'set');
  }],
  ['a status of the application, with a payload', async () => {
    const error = await client.refusal('/fail');
    assert.strictEqual(error.status, 130);
    assert.deepStrictEqual(error.payload.param, { reason: 'asked for' });
    assert.deepStrictEqual(error.payload.data, Buffer.from('no'));
  }],
  ['C4 a prefix command takes what is below it', async () => {
    for (const url of ['/prefix', '/prefix/', '/prefix/x', '/prefix//x']) {
      assert.strictEqual((await client.call(url)).param, url);
    }
    assert.strictEqual((await client.refusal('/prefixed')).status, 3);
  }],
  ['V35 200 concurrent calls answered from another thread', async () => {
    const call = (_, i) => client.call('/deferred', {}, { param: [i] });
    const replies = await Promise.all(Array.from({ length: 200 }, call));
    replies.forEach(({ param }, i) => assert.deepStrictEqual(param, [i]));
  }],

  ['the server publishes: in order, none missing', async () => {
    await client.subscribe('/tick');
    const counters = await nextCounters(client.messages, 10);
    counters.forEach((counter, i) => assert.strictEqual(counter, counters[0] + i));
    await client.unsubscribe('/tick');
    client.messages.items.length = 0;
  }],
  ['the server publishes by the quick channel', async () => {
    await client.subscribe('/qtick');
    const message = await client.messages.next();
    assert.deepStrictEqual([message.url, message.quick], ['/qtick', true]);
    await nextCounters(client.messages, 5);
    await client.unsubscribe('/qtick');
  }],

  ['datagrams come back', async () => {
    const payload = { param: { a: 1 }, data: Buffer.from([0, 255]) };
    client.datagram('/d', payload);
    assert.deepStrictEqual(await client.datagrams.next(), { url: '/d', ...payload, quick: false });
  }],
  ['quick datagrams come back', async () => {
    const payload = { param: { a: 1 }, data: Buffer.from([0, 255]) };
    const got = await quickEcho('/dq', payload);
    assert.deepStrictEqual(got, { url: '/dq', ...payload, quick: true });
  }],
  ['W19 E2 a quick datagram with our id from another port is dropped', async () => {
    const other = dgram.createSocket('udp4');
    const { hostname, port } = new URL(program.url);
    const bytes = encode({ type: TYPE.datagram, seqno: client.id(), url: '/other' });
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => other.send(bytes, Number(port), hostname, resolve));
    }
    await quickEcho('/own', {});
    other.close();
    assert(client.datagrams.items.every(({ url }) => url !== '/other'));
  }],

  ['V14 V19 the server knows its clients and their subscriptions', async () => {
    const other = await connected(program.url);
    const ids = (await client.call('/clients')).param;
    assert.deepStrictEqual(ids.sort(), [client.id(), other.id()].sort());
    await other.subscribe(['/known/', '/exact']);
    assert.strictEqual(await isSubscribed('/known/x'), true);
    assert.strictEqual(await isSubscribed('/exact'), true);
    assert.strictEqual(await isSubscribed('/unknown'), false);
    await other.unsubscribe('/exact');
    assert.strictEqual(await isSubscribed('/exact'), false);
    const gone = `client ${other.id()} gone`;
    other.close();
    await program.lines.nextMatching((line) => line === gone);
    await until(async () => !(await isSubscribed('/known/x')), 'no subscription');
    const left = async () => (await client.call('/clients')).param.join() === `${client.id()}`;
    await until(left, 'one client left');
  }],
  ['V29 a client that is not authed gets no publishes, but answers', async () => {
    const other = await connected(program.url);
    await Promise.all([client, other].map((each) => each.subscribe('/tick')));
    await nextCounters(other.messages, 2);
    await other.call('/unauthed');
    await other.ping();
    other.messages.items.length = 0;
    client.messages.items.length = 0;
    await nextCounters(client.messages, 5);
    await other.ping();
    assert.deepStrictEqual(other.messages.items, []);
    await client.unsubscribe('/tick');
    other.close();
  }],
  ['V31 the server closes a client', async () => {
    const other = await connected(program.url);
    const gone = `client ${other.id()} gone`;
    const closed = other.closedByServer();
    other.client.call('/close', {}, {});
    await closed;
    await program.lines.nextMatching((line) => line === gone);
    other.close();
  }],

  ['V40 V41 the server hears what is really subscribed and unsubscribed', async () => {
    const other = await connected(program.url);
    await client.call('/heard');
    await other.subscribe('/q');
    await other.subscribe(['/q', '/r']);
    await other.unsubscribe('/q');
    await other.unsubscribe('/q');
    await other.unsubscribe();
    const { param } = await client.call('/heard');
    assert.deepStrictEqual(param, ['+/q', '+/r', '-/q', '-/r']);
    other.close();
  }],
  ['V16 W9 a password at run time: for new handshakes only', async () => {
    await client.call('/password', {}, { data: Buffer.from('new') });
    await assert.rejects(connected(program.url));
    await assert.rejects(connected(program.url, { passwd: 'old' }));
    const other = await connected(program.url, { passwd: 'new' });
    await other.call('/password', {}, { data: Buffer.alloc(0) });
    other.close();
    (await connected(program.url)).close();
    await client.ping();
  }],
  ['V6 V30 W21 the official client takes its priority', async () => {
    const other = await connected(program.url);
    await other.ping(); // the gate after the handshake is open
    const told = other.priorities;
    for (const digit of ['7', '1', '1', '0']) {
      await client.call('/priority', {}, { data: Buffer.from(digit) });
    }
    await until(() => told.length >= 3, 'three priorities');
    await other.ping();
    assert.deepStrictEqual(told, [7, 1, 0]);
    other.close();
  }],
  ['F5 B15 no QOSSETUP with the handshake reply, nor while a call with seqno 0 is open', async () => {
    const raw = new RawClient(program.url);
    await raw.login();
    const pong = async (seqno) => {
      raw.send({ type: TYPE.ping, seqno });
      return raw.packets.nextMatching(({ type }) => type !== TYPE.datagram);
    };
    assert.strictEqual((await pong(1)).type, TYPE.ping);
    await client.call('/priority', {}, { data: Buffer.from('5') });
    const told = await raw.packets.nextMatching(({ type }) => type === TYPE.qossetup);
    assert.deepStrictEqual([told.flags, told.status, told.seqno, told.total], [1, 5, 0, 20]);
    raw.send({ type: TYPE.rpc, seqno: 0, url: '/never' });
    assert.strictEqual((await pong(2)).type, TYPE.ping); // so the server has the call
    await client.call('/priority', {}, { data: Buffer.from('3') });
    assert.strictEqual((await pong(3)).type, TYPE.ping, 'it is held back');
    raw.close();
  }],

  ['B13 a second SERVINFO: the same id', async () => {
    const raw = new RawClient(program.url);
    const first = await raw.login();
    raw.send({ type: TYPE.servinfo, flags: TUNNEL, tunnel: 9, seqno: 8 });
    const second = await raw.packets.nextMatching(({ type }) => type === TYPE.servinfo);
    assert.strictEqual(second.seqno, 8);
    assert.deepStrictEqual(second.data, first.data);
    raw.close();
  }],
  ['B15 after the handshake reply the server is silent', async () => {
    // Our own process may be late and see both at once: once is proof enough.
    let silent = false;
    for (let i = 0; i < 5 && !silent; i++) silent = await silentAfterHandshake();
    assert(silent);
  }],
  ['C2 a call without a good URL: status 2', async () => {
    const raw = new RawClient(program.url);
    await raw.login();
    for (const url of ['', 'echo']) {
      raw.send({ type: TYPE.rpc, seqno: 5, url });
      const reply = await raw.packets.nextMatching(({ type }) => type === TYPE.rpc);
      assert.deepStrictEqual([reply.status, reply.seqno], [2, 5]);
    }
    raw.close();
  }],

  ['SIGTERM: exit code 0', async () => {
    assert.strictEqual(await program.stop(), 0);
    client.close();
  }],
];

run(checks);
