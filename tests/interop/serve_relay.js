// Property: what one official Node client sends, another one gets from `ringroad serve`, as it was
// sent, if and only if its subscriptions take the URL.
// Method: one client sends datagrams, a second one subscribes. What must not come is proved by a
// marker that is sent behind it: reliable messages of one producer arrive in order.
'use strict';

const assert = require('assert');
const { run, serve, until } = require('./harness');
const { connected } = require('./node_client');

const PACKET_BYTES_MAX = 262144;
const HEADER_BYTES = 20;
const QUICK_BYTES_MAX = 65504; // the largest multiple of four in a UDP datagram

const MARKER = '/marker';

let program;
let sender;
let reader;

// Which of the URLs reach the reader with these subscriptions.
async function taken(subscriptions, urls) {
  await reader.subscribe([...subscriptions, MARKER]);
  const got = await passed(urls);
  await reader.unsubscribe([...subscriptions, MARKER]);
  return got;
}

// Which of the URLs reach the reader, which is subscribed to the marker.
async function passed(urls) {
  urls.forEach((url) => sender.datagram(url, { param: { url } }));
  sender.datagram(MARKER);
  const got = [];
  for (;;) {
    const message = await reader.messages.next();
    if (message.url === MARKER) return got;
    assert.deepStrictEqual(message.param, { url: message.url });
    assert.strictEqual(message.quick, false);
    got.push(message.url);
  }
}

// Sends until one arrives: quick messages may be lost. Late copies are left in the inbox.
async function sendQuick(url, payload) {
  const arrived = (message) => message.url === url && message.quick;
  return until(async () => {
    sender.datagram(url, payload, true);
    await sender.ping();
    await reader.ping();
    const at = reader.messages.items.findIndex(arrived);
    return at >= 0 && reader.messages.items.splice(at, 1)[0];
  }, `quick ${url}`);
}

async function relayed(payload) {
  sender.datagram('/shape', payload);
  const { param, data } = await reader.messages.nextMatching(({ url }) => url === '/shape');
  return { param, data };
}

// Sent from Node as text where its client would not send such a value.
const SHAPES = {
  object: { a: 1, nested: { list: [1, 'é', null, true], empty: {} }, 'key with "quotes"': '\\' },
  'empty object': {},
  list: [1, 2.5, -3e100, 'x', [], [[]]],
  'empty list': [],
  string: 'ünïcödé 🚗 \u0000 "quoted" \\ / \n',
  'empty string': '',
  number: Buffer.from('42'),
  fraction: Buffer.from('-1.5e-3'),
  'true': Buffer.from('true'),
  'false': Buffer.from('false'),
  'null': Buffer.from('null'),
};

const checks = [
  ['starts', async () => {
    program = await serve();
    sender = await connected(program.url);
    reader = await connected(program.url);
  }],

  ['D12 an exact URL', async () => {
    assert.deepStrictEqual(await taken(['/a'], ['/a', '/a/', '/a/b', '/ab', '/b']), ['/a']);
  }],
  ['D11 a prefix', async () => {
    const urls = ['/a', '/a/', '/a/b', '/a/b/c', '/ab', '/b'];
    assert.deepStrictEqual(await taken(['/a/'], urls), urls.slice(0, 4));
  }],
  ['D9 everything', async () => {
    const urls = ['/a', '/a/', '/a/b', '/'];
    assert.deepStrictEqual(await taken(['/'], urls), urls);
  }],
  ['the list form', async () => {
    const urls = ['/a', '/a/x', '/b/x', '/c'];
    assert.deepStrictEqual(await taken(['/a', '/b/'], urls), ['/a', '/b/x']);
  }],
  ['D13 overlapping subscriptions: one copy', async () => {
    assert.deepStrictEqual(await taken(['/a/b', '/a/', '/'], ['/a/b', '/c']), ['/a/b', '/c']);
  }],

  ['the single form', async () => {
    await reader.subscribe(MARKER);
    await reader.subscribe('/a/');
    assert.deepStrictEqual(await passed(['/a/b', '/b']), ['/a/b']);
  }],
  ['D19 unsubscribe takes exact names only', async () => {
    await reader.subscribe(['/a', '/b']);
    await reader.unsubscribe('/');
    await reader.unsubscribe('/a/');
    assert.deepStrictEqual(await passed(['/a', '/a/b', '/b']), ['/a', '/b']);
  }],
  ['D16 D17 unsubscribe of strangers is accepted', async () => {
    await reader.unsubscribe(['/a', '/stranger']);
    await reader.unsubscribe('/stranger');
    assert.deepStrictEqual(await passed(['/a', '/b']), ['/b']);
  }],
  ['D14 unsubscribe(null) removes all', async () => {
    await reader.unsubscribe(null);
    await reader.subscribe(MARKER);
    assert.deepStrictEqual(await passed(['/a', '/a/b', '/b']), []);
  }],
  ['D3 a list with bad elements keeps the good ones', async () => {
    await reader.subscribe(['no slash', '/good']);
    assert.deepStrictEqual(await passed(['/good', '/bad']), ['/good']);
    await assert.rejects(reader.subscribe(['no slash']), { status: 2 });
  }],

  ...Object.entries(SHAPES).map(([name, value]) => [`param: ${name}`, async () => {
    await reader.subscribe('/shape');
    const { param } = await relayed({ param: value });
    assert.deepStrictEqual(param, Buffer.isBuffer(value) ? JSON.parse(value) : value);
  }]),
  ['param and data', async () => {
    const got = await relayed({ param: { a: 1 }, data: Buffer.from('xyz') });
    assert.deepStrictEqual(got, { param: { a: 1 }, data: Buffer.from('xyz') });
  }],
  ['neither param nor data', async () => {
    assert.deepStrictEqual(await relayed({}), { param: undefined, data: undefined });
  }],

  ['binary data of every length modulo 4', async () => {
    const everyByte = Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i));
    for (const length of [1, 2, 3, 4, 255, 256, 257, 65535, 65536, 65537]) {
      const data = Buffer.alloc(length, everyByte);
      const got = await relayed({ data });
      assert(got.data.equals(data), `${length} bytes`);
    }
  }],
  ['A16 the largest packet: 262,144 bytes', async () => {
    const data = Buffer.alloc(PACKET_BYTES_MAX - HEADER_BYTES - '/shape'.length, 'ring');
    const got = await relayed({ data });
    assert(got.data.equals(data));
  }],
  ['1,000 messages arrive once and in order', async () => {
    await reader.subscribe('/n/');
    for (let i = 0; i < 1000; i++) sender.datagram(`/n/${i % 7}`, { param: [i] });
    for (let i = 0; i < 1000; i++) {
      const { url, param } = await reader.messages.next();
      assert.deepStrictEqual([url, param], [`/n/${i % 7}`, [i]]);
    }
  }],

  ['quick datagrams, sent and received', async () => {
    await reader.subscribe('/quick/');
    const got = await sendQuick('/quick/a', { param: { q: 1 }, data: Buffer.from([0, 255]) });
    assert.deepStrictEqual(got.param, { q: 1 });
    assert.deepStrictEqual(got.data, Buffer.from([0, 255]));
  }],
  ['D21 quick messages follow the same subscriptions', async () => {
    sender.datagram('/other', { param: {} }, true);
    sender.datagram('/quickly', { param: {} }, true);
    await sendQuick('/quick/b', {});
    const strangers = reader.messages.items.filter(({ url }) => !url.startsWith('/quick/'));
    assert.deepStrictEqual(strangers, []);
  }],
  ['W5 the largest quick datagram: 65,504 bytes', async () => {
    const data = Buffer.alloc(QUICK_BYTES_MAX - HEADER_BYTES - '/quick/big'.length, 'q');
    const got = await sendQuick('/quick/big', { data });
    assert(got.data.equals(data));
  }],

  ['SIGTERM: exit code 0', async () => {
    assert.strictEqual(await program.stop(), 0);
    [sender, reader].forEach((client) => client.close());
  }],
];

run(checks);
