// Property: the official Node client connects to `ringroad serve`, calls, pings and reconnects.
// Method: the program is started with and without a password and ended by SIGTERM; what the client
// library hides is looked at packet by packet.
'use strict';

const assert = require('assert');
const { Program, ringroad, run, serve } = require('./harness');
const { NodeClient, connected } = require('./node_client');
const { RawClient, REPLY, TYPE } = require('./packet');

const SERVER_INFO = { name: 'ringroad' };
const PASSWORD = 'pässword';

let open; // needs no password
let locked; // needs PASSWORD

async function refusedWith(status, options) {
  const client = new NodeClient(options);
  const closed = new Promise((resolve) => client.client.once('error', resolve));
  const error = await client.connect(locked.url).then(() => null, (refused) => refused);
  assert.strictEqual(error && error.status, status);
  await closed;
  await client.closedByServer();
  client.close();
}

async function stats() {
  const client = await connected(open.url);
  const { param } = await client.call('/ringroad/stats');
  client.close();
  return param;
}

const checks = [
  ['starts', async () => {
    open = await serve();
    locked = await serve('--password', PASSWORD);
  }],

  ['connects without password', async () => {
    const client = new NodeClient();
    assert.deepStrictEqual(await client.connect(open.url), SERVER_INFO);
    client.close();
  }],

  ['connects with the password', async () => {
    const client = new NodeClient({ passwd: PASSWORD });
    assert.deepStrictEqual(await client.connect(locked.url), SERVER_INFO);
    client.close();
  }],

  ['B3 client ids differ and are not 0', async () => {
    const clients = await Promise.all([connected(open.url), connected(open.url)]);
    const ids = clients.map((client) => client.id());
    assert(ids.every((id) => Number.isInteger(id) && id !== 0), `ids ${ids}`);
    assert.notStrictEqual(ids[0], ids[1]);
    clients.forEach((client) => client.close());
  }],

  ['B6 a wrong password is refused with status 1', () => refusedWith(1, { passwd: 'wrong' })],
  ['B7 a missing password is refused with status 1', () => refusedWith(1, {})],
  ['B9 a password of another type is refused', () => refusedWith(1, { passwd: 123456 })],

  ['B17 a password that nobody asked for is ignored', async () => {
    const client = new NodeClient({ passwd: 'whatever' });
    assert.deepStrictEqual(await client.connect(open.url), SERVER_INFO);
    client.close();
  }],

  ['W8 the whole option object may be the login', async () => {
    const options = { pingInterval: 60000, pingTimeout: 1000, more: { passwd: 'x', list: [1] } };
    const client = new NodeClient({ ...options, passwd: PASSWORD });
    assert.deepStrictEqual(await client.connect(locked.url), SERVER_INFO);
    await client.ping();
    client.close();
  }],

  ['B2 B14 the handshake reply: the seqno, 4 bytes of id, aligned, padded by zeros', async () => {
    const raw = new RawClient(open.url);
    const reply = await raw.login();
    assert.strictEqual(reply.magic, 0x29);
    assert.strictEqual(reply.type, TYPE.servinfo);
    assert.strictEqual(reply.flags, REPLY);
    assert.strictEqual(reply.status, 0);
    assert.strictEqual(reply.seqno, 0x1234);
    assert.strictEqual(reply.tunnel, 0);
    assert.strictEqual(reply.url, '');
    assert.strictEqual(reply.data.length, 4);
    assert.strictEqual(reply.total % 4, 0);
    assert(reply.pad.every((byte) => byte === 0));
    raw.close();
  }],

  ['calls a command that exists', async () => {
    const client = await connected(open.url);
    const { param } = await client.call('/ringroad/stats');
    assert(param.clients_now >= 1, `${param.clients_now} clients`);
    assert(param.messages_in > param.connections_accepted, 'no messages');
    client.close();
  }],

  ['C3 a command that does not exist: status 3, no payload', async () => {
    const client = await connected(open.url);
    const error = await client.refusal('/no/such', {}, { param: { a: 1 } });
    assert.strictEqual(error.status, 3);
    assert.strictEqual(error.payload, undefined);
    client.close();
  }],

  ['pings', async () => {
    const client = await connected(open.url);
    await client.ping();
    await client.ping();
    client.close();
  }],

  ['F1 F2 a NOOP is not answered, a ping without its payload', async () => {
    const raw = new RawClient(open.url);
    await raw.login();
    raw.send({ type: TYPE.noop, seqno: 0x10000 });
    const reply = await raw.ask({ type: TYPE.ping, seqno: 7, param: '[1]', data: 'x' });
    assert.strictEqual(reply.type, TYPE.ping);
    assert.strictEqual(reply.seqno, 7);
    assert.strictEqual(reply.total, 20);
    raw.close();
  }],

  ['A13 every param that the server makes is JSON', async () => {
    const raw = new RawClient(open.url);
    const replies = [await raw.login()];
    for (const [type, url] of [
      [TYPE.rpc, '/ringroad/stats'], [TYPE.rpc, '/none'], [TYPE.rpc, ''], [TYPE.subscribe, '/a'],
      [TYPE.subscribe, ''], [TYPE.unsubscribe, 'a'], [TYPE.unsubscribe, ''], [TYPE.ping, ''],
    ]) {
      replies.push(await raw.ask({ type, url, param: '{not JSON', seqno: replies.length }));
    }
    replies.forEach(({ param }) => assert(param === '' || JSON.parse(param)));
    assert.deepStrictEqual(replies.map(({ status }) => status), [0, 0, 3, 2, 0, 2, 2, 2, 0]);
    raw.close();
  }],

  ['B19 information that is not JSON is refused at the start', async () => {
    const program = new Program(ringroad(), [
      'serve', '--listen', '127.0.0.1:0', '--info', '{not JSON',
    ]);
    assert((await program.ended) !== 0);
  }],

  ['reconnects with the same client object', async () => {
    const client = new NodeClient();
    const ids = new Set();
    for (let i = 0; i < 5; i++) {
      await client.connect(open.url);
      ids.add(client.id());
      await client.ping();
      client.close();
    }
    assert.strictEqual(ids.size, 5);
  }],

  ['the counters know what happened', async () => {
    const { connections_accepted, closed_bad_packet, quick_spoofed } = await stats();
    assert(connections_accepted > 10, `${connections_accepted} connections`);
    assert.strictEqual(closed_bad_packet, 0);
    assert.strictEqual(quick_spoofed, 0);
  }],

  ['SIGTERM closes the clients; the exit code is 0', async () => {
    const client = await connected(open.url);
    const [code] = await Promise.all([open.stop(), client.closedByServer()]);
    assert.strictEqual(code, 0);
    assert.strictEqual(await locked.stop(), 0);
    client.close();
  }],
];

run(checks);
