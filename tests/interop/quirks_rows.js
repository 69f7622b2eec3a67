// Property: the scripted servers of quirks/ do what docs/WIRE.md says of the implementation that they
//           are named after, and notice whatever a client must never send. Here: A, B and C.
// Method: raw clients do one odd thing at a server of each kind; what it answers, and which rows it
//         finds broken, is listed here by the id of the row.
'use strict';

const assert = require('assert');
const { run, until } = require('./harness');
const { RawClient, REPLY, TUNNEL, TYPE, encode } = require('./packet');
const { kinds } = require('./quirks/kinds');
const { ScriptedServer } = require('./quirks/scripted_server');
const { NAMES, Stage, loggedIn, row } = require('./quirks/stage');

const SET = 0x04;
const RESERVED = 0x38;

const { rpc, ping, servinfo } = TYPE;

const unaligned = () => encode({ type: rpc, seqno: 41, url: '/echo', data: 'xyz' }); // 28 bytes
const junkHeader = (change) => {
  const bytes = Buffer.alloc(20);
  bytes[0] = 0x29;
  bytes.writeUInt32BE(41, 4); // the seqno
  change(bytes);
  return bytes;
};

const framing = [
  loggedIn('A1 bad magic', (stage) => stage.outcome(junkHeader((b) => (b[0] = 0x28))),
    { plain: 'closed', python: 'reset', go: 'deaf' }, ['A1']),
  loggedIn('A2 a packet that is too large',
    (stage) => stage.outcome(junkHeader((b) => b.writeUInt32BE(262144, 16))),
    { plain: 'closed', python: 'reset', go: 'deaf' }, ['A2']),
  loggedIn('A4 not a multiple of four', (stage) => {
    const bytes = encode({ type: ping, seqno: 41, data: 'x' }).subarray(0, 21);
    bytes[2] &= 0x3f;
    return stage.statusOf(bytes);
  }, { plain: 0, go: 'deaf' }, ['A4']),
  loggedIn('A5 padded although aligned', (stage) => {
    const bytes = unaligned();
    bytes[2] |= 3 << 6;
    return stage.statusOf(Buffer.concat([bytes, Buffer.alloc(3)]));
  }, { plain: 0, go: 'deaf' }, ['A4']),
  loggedIn('A6 pad bytes of a reply',
    async (stage) => [...(await stage.outcome({ type: rpc, url: '/echo', data: 'x' })).pad],
    { plain: [0, 0, 0], python: [0xaa, 0xaa, 0xaa] }),
  loggedIn('A6 pad bytes of a request', (stage) => {
    const bytes = encode({ type: ping, seqno: 41, data: 'x' });
    bytes.fill(1, 21);
    return stage.statusOf(bytes);
  }, 0, ['A6']),
  loggedIn('A7 A8 C1 flags and tunnel id of a reply', async (stage) => {
    const flags = SET | TUNNEL | RESERVED;
    const reply = await stage.outcome({ type: rpc, flags, tunnel: 5, url: '/echo' });
    return [reply.flags, reply.tunnel];
  }, { plain: [REPLY, 0], go: [REPLY | SET | TUNNEL | RESERVED, 5] }, ['A7', 'C1']),
  loggedIn('A12 a URL that is not UTF-8',
    (stage) => stage.statusOf({ type: rpc, url: Buffer.from([0x2f, 0xff]) }),
    { plain: 3, python: 'closed' }, ['A12']),
  loggedIn('A13 a param that is not JSON',
    async (stage) => (await stage.outcome({ type: rpc, url: '/echo', param: '{oops' })).param,
    '{oops', ['A13']),
  loggedIn('A15 what an echo makes of a param', async (stage) => {
    const came = [];
    for (const param of ['42', 'true', 'null', '{"b":1,"a":2}', '"é<"']) {
      came.push((await stage.outcome({ type: rpc, url: '/echo', param })).param);
    }
    return came;
  }, {
    plain: ['42', 'true', 'null', '{"b":1,"a":2}', '"é<"'],
    python: ['', '', '', '{"b":1,"a":2}', '"\\u00e9<"'],
    wyf: ['42', 'true', '', '{"a":2,"b":1}', '"é\\u003c"'],
  }),
];

const call = { type: rpc, url: '/method' };

const logins = [
  row('B1 flags and tunnel id of the reply', async (stage) => {
    const { flags, tunnel } = await stage.login({ flags: TUNNEL, tunnel: 4711 });
    return [flags, tunnel];
  }, { plain: [REPLY, 0], go: [REPLY | TUNNEL, 4711] }),
  row('B2 B3 bytes in the reply without TUNNEL and with it, and the first id', async (stage) => {
    const without = await stage.login();
    const announced = await stage.login({ flags: TUNNEL, tunnel: 4711 }, stage.connect());
    return [without.data.length, announced.data.length, without.data.readUInt32BE()];
  }, { plain: [4, 4, 1], python: [4, 4, 0], wyf: [4, 6, 1] }),
  row('B4 the port in the reply', async (stage) => {
    const { data } = await stage.login({ flags: TUNNEL, tunnel: 4711 });
    return data.length === 6 && data.readUInt16BE(4) !== Number(new URL(stage.server.url).port);
  }, { plain: false, wyf: true }),
  row('B6 a wrong password, then the right one', async (stage) => {
    const { status } = await stage.login({ param: '{"passwd":"wrong"}' });
    stage.client.send({ type: servinfo, param: '{"passwd":"123"}' });
    const next = await Promise.race([stage.client.packets.next(), stage.client.closed]);
    return [status, next && next.type !== undefined ? next.status : 'closed'];
  }, { plain: [1, 'closed'], python: [1, 0], go: [1, 0] }, [], '123'),
  ...[['B7 the password is missing', '{}', [REPLY, 1], []],
    ['B8 the log-in is not JSON', '{oops', [REPLY, 1], ['A13']],
    ['B9 the password is a number', '{"passwd":123}', [REPLY, 0], []]].map(
    ([name, param, wyf, broken]) => row(name, async (stage) => {
      const { flags, status } = await stage.login({ param });
      return [flags, status];
    }, { plain: [REPLY, 1], go: [0, 0], wyf }, broken, '123')),
  row('B10 a call before the log-in', (stage) => stage.statusOf(call),
    { plain: 0, go: 'closed' }, ['B10']),
  row('B11 a call before the log-in, with a password', async (stage) => {
    stage.client.send({ ...call, seqno: 41 });
    const answer = await Promise.race([stage.client.packets.next(), stage.client.closed]);
    if (!answer || answer.type === undefined) return 'closed';
    stage.client.send({ type: servinfo, param: '{"passwd":"123"}' });
    const next = await Promise.race([stage.client.packets.next(), stage.client.closed]);
    return [answer.type, answer.status, next && next.type === servinfo ? next.status : 'closed'];
  }, { plain: [rpc, 1, 'closed'], python: [rpc, 1, 0], go: 'closed', wyf: [rpc, 0, 0] }, ['B11'],
  '123'),
  row('B11 the password in a call',
    (stage) => stage.statusOf({ ...call, param: '{"passwd":"123"}' }),
    { plain: 1, python: 0, go: 'closed', wyf: 0 }, ['B11'], '123'),
  row('B12 a call behind the log-in in one segment', async (stage) => {
    stage.client.send({ type: servinfo }, { ...call, seqno: 40 });
    const first = await stage.statusOf(call);
    return first === 'deaf' ? [first, stage.server.deadlocked] : [first, false];
  }, { plain: [0, false], go: ['deaf', true] }, ['B12']),
  row('B12 everybody else is served after it', async (stage) => {
    stage.client.send({ type: servinfo }, { ...call, seqno: 40 });
    await until(() => stage.server.faults.length > 0, 'the fault');
    const other = stage.connect();
    other.send({ type: servinfo });
    const answer = await Promise.race([other.packets.nextMatching(() => true).catch(() => {}),
      stage.stillNothing()]);
    return answer === 'deaf' ? answer : answer.status;
  }, { plain: 0, go: 'deaf' }, ['B12']),
  row('B12 a call that does not wait for the answer, in a segment of its own', async (stage) => {
    const sent = new Promise((resolve) => stage.client.socket.write(encode({ type: servinfo }),
      resolve));
    await sent;
    await until(() => [...stage.server.connections].some((c) => c.loggingIn), 'the log-in');
    stage.client.send({ ...call, seqno: 41 });
    await until(() => stage.server.faults.length > 0, 'the fault');
    return stage.server.deadlocked;
  }, { plain: false, go: true }, ['B12']),
  loggedIn('B13 a second log-in', async (stage) => {
    stage.client.packets.items = [];
    const { id } = stage.client;
    stage.client.send({ type: servinfo, seqno: 5 });
    const answered = stage.client.packets.nextMatching(({ type }) => type === servinfo);
    answered.catch(() => {});
    const answer = await Promise.race([answered, stage.stillNothing()]);
    return answer === 'deaf' ? 'silence' : [answer.seqno, answer.data.readUInt32BE() === id];
  }, { plain: [5, true], wyf: 'silence' }, ['B13']),
  ['B16 nobody logs in', async () => {
    const stages = await Promise.all(NAMES.map((name) => Stage.of(name)));
    const ends = [stages[0], stages[1]].map(({ client }) => client.ended());
    await Promise.all(ends);
    for (const stage of stages.slice(2)) assert.strictEqual((await stage.login()).status, 0);
    stages.forEach((stage) => stage.close());
  }],
  row('B18 A8 a tunnel id without the flag', async (stage) => {
    await stage.login({ tunnel: 4711 });
    return [...stage.server.connections][0].udpPort;
  }, { plain: 0, go: 4711 }, ['A8']),
];

const calls = [
  loggedIn('C2 no URL, and one without a slash', async (stage) => [
    await stage.statusOf({ type: rpc }), await stage.statusOf({ type: rpc, url: 'echo' })],
  { plain: [2, 2], go: [3, 3], wyf: [3, 3] }, ['C2']),
  loggedIn('C3 an unknown URL', (stage) => stage.statusOf({ type: rpc, url: '/echo/x' }), 3),
  loggedIn('C4 /wild, /wild/x, /wild//x, /wildx', async (stage) => {
    const statuses = [];
    for (const url of ['/wild', '/wild/x', '/wild//x', '/wildx']) {
      statuses.push(await stage.statusOf({ type: rpc, url }));
    }
    return statuses;
  }, { plain: [0, 0, 0, 3], python: [3, 3, 0, 3], wyf: [3, 3, 0, 3] }),
  loggedIn('C4 /wild/', (stage) => stage.statusOf({ type: rpc, url: '/wild/' }),
    { plain: 0, python: 'closed', wyf: 3 }, { python: ['C4'] }),
  loggedIn('C6 errors of handlers', async (stage) => [
    await stage.statusOf({ type: rpc, url: '/fail', param: '{"status":5}' }),
    await stage.statusOf({ type: rpc, url: '/add', param: '{}' })], { plain: [5, 2], go: [0, 0] }),
  ['C7 the order of replies', async () => {
    for (const kind of NAMES) {
      const server = await new ScriptedServer(kinds[kind], '').start();
      const client = new RawClient(server.url);
      client.send({ type: servinfo });
      await client.packets.nextMatching(({ type }) => type === servinfo);
      const seqnos = Array.from({ length: 200 }, (_, i) => i + 1000);
      client.send(...seqnos.map((seqno) => ({ ...call, seqno })));
      const came = [];
      while (came.length < seqnos.length) {
        came.push((await client.packets.nextMatching(({ seqno }) => seqnos.includes(seqno))).seqno);
      }
      const inOrder = came.every((seqno, i) => seqno === seqnos[i]);
      assert.deepStrictEqual([kind, inOrder], [kind, kind !== 'go']);
      assert.deepStrictEqual(came.sort(), seqnos);
      client.close();
      server.stop();
    }
  }],
  loggedIn('C8 a call with the REPLY flag', (stage) => stage.statusOf({ ...call, flags: REPLY }),
    { plain: 'silence', go: 0 }, ['C8']),
  loggedIn('C9 F6 what nobody asked for', async (stage) => {
    await stage.outcome({ type: ping });
    return stage.client.segments.reduce((sum, { bytes }) => sum + bytes, 0) > 200;
  }, { plain: false, python: true }),
  loggedIn('C12 a status in a request', (stage) => stage.statusOf({ ...call, status: 9 }), 0,
    ['C12']),
];

run([...framing, ...logins, ...calls]);
