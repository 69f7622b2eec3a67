// Property: `ringroad playground` sends nothing that some client does not survive, and takes what
//           any client is known to send.
// Method: a client that looks at every byte while it uses the whole contract, and scripted clients
// with the habits that docs/WIRE.md lists. Row ids are those of that page.
'use strict';

const assert = require('assert');
const dgram = require('dgram');
const { Program, ringroad, run, serve, until } = require('./harness');
const { RawClient, REPLY, TUNNEL, TYPE, decode, encode } = require('./packet');

const SET = 0x04;
const RESERVED = 0x38;
const QOSSETUP = 0x06;

let program;

// Logged in; answers the client with its id.
async function loggedIn(request = {}) {
  const client = new RawClient(program.url);
  const answer = await client.ask({ type: TYPE.servinfo, ...request });
  assert.deepStrictEqual([answer.type, answer.status], [TYPE.servinfo, 0]);
  client.id = answer.data.readUInt32BE();
  return client;
}

async function lastDatagram(client) {
  const { param } = await client.ask({ type: TYPE.rpc, seqno: 77, url: '/dgram/last' });
  return JSON.parse(param);
}

// A UDP socket; answers { port, packets: what came }.
async function udpSocket() {
  const socket = dgram.createSocket('udp4');
  await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const packets = [];
  socket.on('message', (bytes) => packets.push(decode(bytes)));
  const { port } = new URL(program.url);
  return {
    port: socket.address().port,
    packets,
    send: (packet) => socket.send(Buffer.isBuffer(packet) ? packet : encode(packet), Number(port),
      '127.0.0.1'),
    close: () => socket.close(),
  };
}

// Which of the URLs reach a client whose SUBSCRIBE is this, at a gateway that relays everything. The
// marker behind them comes last: messages of one sender keep their order.
async function relayedTo(packet, urls) {
  const gateway = await serve();
  const [reader, sender] = [new RawClient(gateway.url), new RawClient(gateway.url)];
  const statuses = [];
  for (const request of [{}, { type: TYPE.subscribe, url: '/marker' }, packet]) {
    statuses.push((await reader.ask({ type: TYPE.servinfo, seqno: 1, ...request })).status);
  }
  assert.deepStrictEqual(statuses, [0, 0, 0]);
  await sender.login();
  sender.send(...[...urls, '/marker'].map((url) => ({ type: TYPE.datagram, url })));
  const got = [];
  for (let url = ''; url !== '/marker'; got.push(url)) ({ url } = await reader.packets.next());
  reader.close();
  sender.close();
  assert.strictEqual(await gateway.stop(), 0);
  return got.slice(0, -1);
}

// Datagrams that are no packet, or not a whole one.
function junkDatagrams(packet) {
  const good = encode(packet);
  const otherMagic = Buffer.from(good);
  otherMagic[0] = 0x92;
  const longLength = Buffer.from(good);
  longLength.writeUInt32BE(0xffffffff, 16);
  return [Buffer.alloc(0), Buffer.from('junk'), Buffer.alloc(20), Buffer.alloc(1400, 0xff),
    good.subarray(0, 19), good.subarray(0, 22), otherMagic, longLength];
}

// What a strict sender may send to a client, byte for byte.
function expectStrict(packet) {
  const where = JSON.stringify(packet);
  assert.strictEqual(packet.magic, 0x29, where);
  assert.strictEqual(packet.total % 4, 0, `A4 not aligned: ${where}`);
  assert(packet.pad.every((byte) => byte === 0), `A6 pad: ${where}`);
  assert.strictEqual(packet.flags & RESERVED, 0, `A7 reserved flags: ${where}`);
  assert.strictEqual(packet.flags & (TUNNEL | SET), 0, `C1 flags of the request: ${where}`);
  assert.strictEqual(packet.tunnel, 0, `A8 tunnel id: ${where}`);
  if (packet.param !== '') JSON.parse(packet.param); // A13, A14
  if (packet.flags & REPLY) {
    assert.strictEqual(packet.url, '', `a reply with a url: ${where}`);
    assert.notStrictEqual(packet.type, QOSSETUP, `F5: ${where}`);
    return;
  }
  assert([TYPE.publish, TYPE.datagram].includes(packet.type), `F6 a request: ${where}`);
  assert(packet.url.startsWith('/'), `D24 no url: ${where}`);
  assert.deepStrictEqual([packet.flags, packet.status], [0, 0], `D25: ${where}`);
  assert.strictEqual(packet.seqno, 0, `D25: ${where}`);
}

// Sends, and takes the answer from among the publishes.
async function replyTo(client, packet) {
  client.send(packet);
  return client.packets.nextMatching(({ flags, seqno }) => flags & REPLY && seqno === packet.seqno);
}

async function expectEcho(client, packet, expected) {
  const request = { type: TYPE.rpc, seqno: 4711, url: '/echo', ...packet };
  const { status, param, data } = await replyTo(client, request);
  assert.deepStrictEqual([status, param, data.toString()], [0, ...expected]);
}

const checks = [
  ['starts', async () => {
    const args = ['playground', '--listen', '127.0.0.1:0'];
    program = await new Program(ringroad(), args).ready();
  }],

  ['A4 A5 A6 A7 A8 A13 C1 D24 D25 F5 F6 every byte of a long conversation is strict', async () => {
    const udp = await udpSocket();
    const client = await loggedIn({ flags: TUNNEL | RESERVED, tunnel: udp.port });
    const seen = [];
    const { push } = client.packets;
    client.packets.push = (packet) => {
      seen.push(packet);
      push.call(client.packets, packet);
    };
    await replyTo(client, { type: TYPE.subscribe, seqno: 1, url: '/' });
    for (const data of ['', '1', '12', '123', '1234']) {
      await replyTo(client, { type: TYPE.rpc, flags: SET, seqno: 2, url: '/echo', data });
      client.send({ type: TYPE.datagram, url: '/d', data });
      udp.send({ type: TYPE.datagram, seqno: client.id, url: '/q', data });
    }
    for (const url of ['/wild/x', '/unknown', '/fail', '/method', '/add', '/dgram/last']) {
      await replyTo(client, { type: TYPE.rpc, flags: RESERVED, seqno: 3, url });
    }
    await replyTo(client, { type: TYPE.ping, seqno: 4, param: '{"p":1}', data: 'ping' });
    await until(() => seen.filter(({ url }) => url === '/tick').length >= 3, 'three rounds');
    await until(() => udp.packets.some(({ url }) => url === '/qtick'), 'a quick publish');
    await replyTo(client, { type: TYPE.unsubscribe, seqno: 5 });
    [...seen, ...udp.packets].forEach(expectStrict);
    assert.deepStrictEqual([...new Set(udp.packets.map(({ type }) => type))].sort(),
      [TYPE.publish, TYPE.datagram]);
    const echo = seen.find(({ type }) => type === TYPE.ping);
    assert.deepStrictEqual([echo.status, echo.param, echo.data.length], [0, '', 0]); // F1
    client.close();
    udp.close();
  }],

  ['B2 B3 B15 a client like the Python one: the log-in is one segment, alone', async () => {
    const client = new RawClient(program.url);
    const answer = await client.login('');
    const [first] = client.segments;
    assert.strictEqual(first.bytes, answer.total);
    assert.strictEqual(answer.data.length, 4);
    assert.notStrictEqual(answer.data.readUInt32BE(), 0);
    // It now reads packets as they come.
    const reply = await client.ask({ type: TYPE.subscribe, seqno: 0, url: '/tick' });
    assert.deepStrictEqual([reply.type, reply.seqno, reply.status], [TYPE.subscribe, 0, 0]);
    assert.strictEqual((await client.packets.next()).url, '/tick');
    client.close();
  }],
  ['B1 F5 a client like the Go one: options, sequence numbers from 0, 32 bits', async () => {
    const udp = await udpSocket();
    const param = '{"passwd":"","pingInterval":3,"pingTimeout":1,"pingLost":1}';
    const client = await loggedIn({ flags: TUNNEL, tunnel: udp.port, seqno: 0, param });
    for (const seqno of [0, 1, 65536, 0xffffffff]) {
      const { type, flags } = await client.ask({ type: TYPE.ping, seqno });
      assert.deepStrictEqual([type, flags], [TYPE.ping, REPLY]);
    }
    client.close();
    udp.close();
  }],

  ['A6 C12 junk in the pad, a status in a request', async () => {
    const client = await loggedIn();
    const bytes = encode({ type: TYPE.rpc, status: 99, seqno: 9, url: '/echo', data: 'x' });
    bytes.fill(0xee, bytes.length - (bytes[2] >> 6));
    client.socket.write(bytes);
    const { status, data } = await client.packets.next();
    assert.deepStrictEqual([status, data.toString()], [0, 'x']);
    client.close();
  }],
  ['A4 A5 packets that are not aligned, and padded ones that were', async () => {
    const client = await loggedIn();
    const odd = encode({ type: TYPE.rpc, seqno: 1, url: '/echo', data: 'xy' }); // 27 + 1
    odd[2] &= 0x3f;
    const even = encode({ type: TYPE.rpc, seqno: 2, url: '/echo', data: 'abc' }); // 28
    even[2] |= 3 << 6;
    client.socket.write(Buffer.concat([odd.subarray(0, 27), even, Buffer.from('pad')]));
    assert.strictEqual((await client.packets.next()).data.toString(), 'xy');
    assert.strictEqual((await client.packets.next()).data.toString(), 'abc');
    client.close();
  }],
  ['A12 A13 a URL that is not UTF-8, a param that is not JSON', async () => {
    const client = await loggedIn();
    const url = Buffer.from([0x2f, 0xff, 0xfe]);
    assert.strictEqual((await client.ask({ type: TYPE.rpc, seqno: 1, url })).status, 3);
    await expectEcho(client, { param: '{not json', data: 'd' }, ['{not json', 'd']);
    client.close();
  }],
  ['A15 params that are no object, array or string', async () => {
    const client = await loggedIn();
    for (const param of ['42', 'true', 'null']) await expectEcho(client, { param }, [param, '']);
    client.close();
  }],
  ['B10 B12 calls before the log-in, and behind it in one segment', async () => {
    const client = new RawClient(program.url);
    client.send({ type: TYPE.rpc, seqno: 1, url: '/method' }, { type: TYPE.servinfo },
      { type: TYPE.rpc, seqno: 2, url: '/method' });
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push((await client.packets.next()).seqno);
    assert.deepStrictEqual(answers.sort(), [0, 1, 2]); // the log-in's answer may overtake
    client.close();
  }],
  ['B13 a second log-in: the same id', async () => {
    const client = await loggedIn();
    const again = await client.ask({ type: TYPE.servinfo, seqno: 5 });
    assert.deepStrictEqual([again.seqno, again.data.readUInt32BE()], [5, client.id]);
    client.close();
  }],
  ['C2 C8 a call without a slash, and one with the REPLY flag', async () => {
    const client = await loggedIn();
    for (const url of ['', 'echo']) {
      assert.strictEqual((await client.ask({ type: TYPE.rpc, seqno: 1, url })).status, 2);
    }
    client.send({ type: TYPE.rpc, flags: REPLY, seqno: 2, url: '/echo' });
    assert.strictEqual((await client.ask({ type: TYPE.ping, seqno: 3 })).seqno, 3);
    client.close();
  }],
  ['D1 D3 D4 D5 D6 D18 D20 odd subscriptions', async () => {
    const client = await loggedIn();
    const { subscribe, unsubscribe } = TYPE;
    const statusOf = async (type, packet) => (await client.ask({ type, seqno: 1, ...packet })).status;
    assert.strictEqual(await statusOf(subscribe, {}), 2); // D1
    assert.strictEqual(await statusOf(subscribe, { param: '[42,"/x"]' }), 0); // D3
    assert.strictEqual(await statusOf(subscribe, { param: '["x",42]' }), 2);
    assert.strictEqual(await statusOf(subscribe, { param: '[]' }), 0); // D4
    assert.strictEqual(await statusOf(subscribe, { url: '/x', param: '["/tick"]' }), 0); // D5
    assert.strictEqual(await statusOf(subscribe, { url: 'tick' }), 2); // D6
    assert.strictEqual(await statusOf(unsubscribe, { url: 'x' }), 2); // D18
    assert.strictEqual(await statusOf(subscribe, { param: '["/tick"' }), 2); // D20
    // None of them was a subscription to /tick.
    const witness = await loggedIn();
    await witness.ask({ type: subscribe, seqno: 1, url: '/tick' });
    await witness.packets.next();
    await witness.packets.next();
    assert.strictEqual((await client.ask({ type: TYPE.ping, seqno: 2 })).type, TYPE.ping);
    client.close();
    witness.close();
  }],
  ['D3 D5 what odd subscriptions take: the good ones of a list, the URL before a list', async () => {
    const { subscribe: type } = TYPE;
    const urls = ['/x', '/tick', '/42'];
    assert.deepStrictEqual(await relayedTo({ type, param: '[42,"/x","tick"]' }, urls), ['/x']);
    assert.deepStrictEqual(await relayedTo({ type, url: '/x', param: '["/tick"]' }, urls), ['/x']);
  }],
  ['D11 D12 /tick/ takes /tick, /tick does not take /tick/', async () => {
    const { subscribe: type } = TYPE;
    const urls = ['/tick', '/tick/', '/tick/x', '/ticks'];
    assert.deepStrictEqual(await relayedTo({ type, url: '/tick/' }, urls), urls.slice(0, 3));
    assert.deepStrictEqual(await relayedTo({ type, url: '/tick' }, urls), ['/tick']);
  }],
  ['E3 a quick datagram of a client that announced no port: taken, not answered', async () => {
    const udp = await udpSocket();
    const client = await loggedIn();
    const before = (await lastDatagram(client)).n;
    await until(async () => { // UDP may lose it
      udp.send({ type: TYPE.datagram, seqno: client.id, url: '/e3' });
      return (await lastDatagram(client)).n > before;
    }, 'the datagram');
    assert.strictEqual((await lastDatagram(client)).last.url, '/e3');
    assert.deepStrictEqual(udp.packets, []);
    client.close();
    udp.close();
  }],
  ['E2 E4 E5 E7 quick junk, strangers and other types disturb nobody', async () => {
    const udp = await udpSocket();
    const stranger = await udpSocket();
    const client = await loggedIn({ flags: TUNNEL, tunnel: udp.port });
    const before = (await lastDatagram(client)).n;
    stranger.send({ type: TYPE.datagram, seqno: client.id, url: '/spoofed' }); // E2
    stranger.send({ type: TYPE.datagram, seqno: client.id + 1, url: '/nobody' }); // as E4
    udp.send({ type: TYPE.rpc, seqno: client.id, url: '/echo' }); // E5
    udp.send({ type: 0x7b, seqno: client.id, url: '/echo' });
    junkDatagrams({ type: TYPE.datagram, seqno: client.id, url: '/junk' }).forEach(udp.send); // E7
    await until(() => {
      udp.send({ type: TYPE.datagram, seqno: client.id, url: '/good' });
      return udp.packets.some(({ url }) => url === '/good');
    }, 'the echo');
    // Every datagram that counted came back, and nothing but good ones did.
    await until(async () => (await lastDatagram(client)).n === before + udp.packets.length,
      'as many echoes as datagrams');
    assert.strictEqual((await lastDatagram(client)).last.url, '/good');
    assert.deepStrictEqual(stranger.packets, []);
    assert(udp.packets.every(({ url }) => url === '/good'));
    client.close();
    udp.close();
    stranger.close();
  }],
  ['F2 F3 F4 NOOP, unknown types, PUBLISH and QOSSETUP to a server: ignored', async () => {
    const client = await loggedIn();
    const before = (await lastDatagram(client)).n;
    client.send({ type: TYPE.noop }, { type: 0x7b, seqno: 1, url: '/echo' },
      { type: TYPE.publish, url: '/tick', param: '{}' },
      { type: QOSSETUP, flags: REPLY, status: 5 });
    assert.strictEqual((await client.ask({ type: TYPE.ping, seqno: 2 })).seqno, 2);
    assert.strictEqual((await lastDatagram(client)).n, before);
    client.close();
  }],
  ['F7 a half close: what was asked is answered', async () => {
    const client = await loggedIn();
    client.send({ type: TYPE.rpc, seqno: 1, url: '/method' });
    client.socket.end();
    assert.strictEqual((await client.packets.next()).param, '{"method":0}');
    await client.ended();
  }],

  ['SIGTERM: exit code 0', async () => assert.strictEqual(await program.stop(), 0)],
];

run(checks);
