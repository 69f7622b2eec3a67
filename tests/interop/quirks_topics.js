// Property: the scripted servers of quirks/ do what docs/WIRE.md says of the implementation that they
//           are named after, and notice whatever a client must never send. Here: D, E and F.
// Method: as in quirks_rows.js.
'use strict';

const { run, until } = require('./harness');
const { REPLY, TUNNEL, TYPE, encode } = require('./packet');
const { loggedIn, quickly, row } = require('./quirks/stage');

const SET = 0x04;
const QOSSETUP = 0x06;
const FLEET = ['/fleet/1/pos', '/fleet/2/pos', '/fleet/3/pos'];
const ALL = [...FLEET, '/tick'];

const { rpc, ping, subscribe, unsubscribe, servinfo, datagram } = TYPE;

const subscribed = (name, packets, due, broken) => loggedIn(name, async (stage) => {
  for (const packet of packets.slice(0, -1)) await stage.statusOf(packet);
  return stage.heardAfter(packets.at(-1));
}, due, broken);

const to = (url) => ({ type: subscribe, url });
const list = (text) => ({ type: subscribe, param: text });
const off = (url) => ({ type: unsubscribe, url });

const subscriptions = [
  subscribed('D1 to nothing', [to('')], { plain: [2, []], go: [0, ALL] }, ['D1']),
  subscribed('D2 to a list', [list('["/tick","/fleet/1/pos"]')],
    { plain: [0, ['/fleet/1/pos', '/tick']], go: [0, ALL] }),
  subscribed('D3 to a list with a good one', [list('[42,"x","/tick"]')],
    { plain: [0, ['/tick']], go: [0, ALL] }, ['D3']),
  subscribed('D3 to a list without a good one', [list('["x"]')],
    { plain: [2, []], python: [0, []], go: [0, ALL], wyf: [0, []] }, ['D3']),
  subscribed('D4 to an empty list', [list('[]')], { plain: [0, []], go: [0, ALL] }, ['D4']),
  subscribed('D5 to a URL and a list', [{ ...list('["/fleet/1/pos"]'), url: '/tick' }],
    [0, ['/tick']], ['D5']),
  subscribed('D6 without a slash', [to('tick')], { plain: [2, []], go: [3, []] }, ['D6']),
  subscribed('D7 to what nobody publishes', [to('/nobody')], { plain: [0, []], go: [3, []] }),
  subscribed('D8 to a prefix', [to('/fleet/')], { plain: [0, FLEET], go: [3, []] }),
  subscribed('D8 D11 to a topic with a slash behind it', [to('/tick/')], [0, ['/tick']]),
  subscribed('D9 to everything', [to('/')], [0, ALL]),
  subscribed('D10 to //', [to('//')], { plain: [0, []], go: [3, []] }),
  subscribed('D13 twice: one copy', [to('/'), to('/tick')], [0, ALL]),
  subscribed('D14 unsubscribe from nothing', [to('/'), to('/tick'), off('')],
    { plain: [0, []], python: [2, ALL], go: [0, ['/tick']], wyf: [2, ALL] }),
  subscribed('D15 unsubscribe from an empty list',
    [to('/'), to('/tick'), { type: unsubscribe, param: '[]' }],
    { plain: [0, ALL], go: [0, ['/tick']] }, ['D4']),
  subscribed('D16 unsubscribe from a list with a stranger',
    [to('/tick'), to('/fleet/1/pos'), { type: unsubscribe, param: '["/tick","/stranger"]' }],
    { plain: [0, ['/fleet/1/pos']], go: [0, ['/fleet/1/pos', '/tick']] }),
  subscribed('D17 unsubscribe from what is not held', [to('/tick'), off('/qtick')],
    [0, ['/tick']]),
  subscribed('D17 unsubscribe from what nobody publishes', [to('/tick'), off('/stranger')],
    { plain: [0, ['/tick']], go: [3, ['/tick']] }),
  subscribed('D18 unsubscribe without a slash', [to('/tick'), off('tick')],
    { plain: [2, ['/tick']], go: [3, ['/tick']] }, ['D6']),
  subscribed('D19 unsubscribe from / alone', [to('/tick'), off('/')], [0, ['/tick']]),
  subscribed('D20 a list that is not JSON', [list('["/tick"')],
    { plain: [2, []], go: [0, ALL] }, ['A13']),
  row('D9 D21 D22 who gets quick publishes: of /, of the prefix, of the topic, without a port',
    async (stage) => {
      const heard = [];
      const witness = await stage.udp();
      for (const [url, announced] of [['/', true], ['/qtick/', true], ['/qtick', false]]) {
        const udp = await stage.udp();
        const client = stage.connect();
        const login = announced ? { flags: TUNNEL, tunnel: udp.port } : {};
        await stage.login(login, client);
        client.send({ type: subscribe, seqno: 41, url });
        await client.packets.nextMatching(({ type }) => type === subscribe);
        stage.sockets.at(-1).on('message', () => heard.push(`${url} ${announced}`));
      }
      await stage.login({ flags: TUNNEL, tunnel: witness.port });
      await stage.statusOf(to('/qtick'));
      let ticks = 0;
      stage.sockets[0].on('message', () => ticks++);
      await until(() => ticks >= 3, 'quick publishes'); // the others' would have come before
      return [...new Set(heard)].sort();
    }, { plain: ['/ true', '/qtick/ true'], go: [] }),
];

const good = (stage) => ({ type: datagram, seqno: stage.client.id, url: '/good' });

const datagrams = [
  quickly('a quick datagram of the announced port with the right id',
    (stage, udp) => udp.send(good(stage)), 1),
  quickly('E2 of another port', async (stage) => (await stage.udp()).send(good(stage)),
    { plain: 1, go: 0 }, ['E2']),
  quickly('E2 with another id', (stage, udp) => udp.send({ ...good(stage), seqno: 4711 }),
    { plain: 0, go: 1 }, ['E2']),
  row('E3 of a client without a port', async (stage) => {
    await stage.login();
    await (await stage.udp()).send(good(stage));
    return stage.server.last.n;
  }, { plain: 1, go: 0 }, ['E2']),
  row('E4 with the id of a client that has not logged in', async (stage) => {
    await until(() => stage.server.connections.size === 1, 'the connection');
    const [{ id }] = stage.server.connections;
    await (await stage.udp()).send({ type: datagram, seqno: id, url: '/early' });
    stage.client.send({ type: servinfo });
    const { type, status } = await stage.client.packets.next();
    return [stage.server.last.n, type, status];
  }, { plain: [0, servinfo, 0], python: [0, datagram, 1] }, ['E2']),
  quickly('E5 another type', (stage, udp) => udp.send({ ...good(stage), type: rpc }),
    { plain: 0, go: 1 }, ['E5']),
  quickly('E6 with the REPLY flag', (stage, udp) => udp.send({ ...good(stage), flags: REPLY }),
    { plain: 0, go: 1 }, ['E6']),
  loggedIn('E6 by TCP', async (stage) => {
    await stage.outcome({ type: datagram, flags: REPLY, url: '/x' });
    return stage.server.last.n;
  }, { plain: 0, go: 1 }, ['C8']),
  ...[['E7 junk', () => Buffer.from('no packet')], ['E7 nothing', () => Buffer.alloc(0)],
    ['E7 another magic', (packet) => packet.fill(0x92, 0, 1)],
    ['A11 a cut datagram', (packet) => packet.subarray(0, 22)]].map(
    ([name, spoil]) => quickly(`${name}, and then a good one`, async (stage, udp) => {
      await udp.send(spoil(encode(good(stage))));
      await udp.send(good(stage));
    }, { plain: 1, go: 0 }, ['E7'])),
  quickly('A11 without its pad', (stage, udp) => udp.send(
    encode(good(stage)).subarray(0, 25)), { plain: 1, wyf: 0 }, ['A11']),
  quickly('E8 1024 bytes and 1028', async (stage, udp) => {
    await udp.send({ ...good(stage), data: Buffer.alloc(1024 - 25) });
    await udp.send({ ...good(stage), data: Buffer.alloc(1028 - 25) });
  }, { plain: 2, go: 1 }, { go: ['E8'] }),
  loggedIn('E11 a datagram back', async (stage) => {
    stage.client.packets.items = [];
    stage.client.send({ type: datagram, url: '/back' }, { type: ping, seqno: 99 });
    return (await stage.client.packets.next()).url;
  }, { plain: '/back', go: '' }),
];

const rest = [
  loggedIn('F1 a ping', async (stage) => {
    const { status, param, data } = await stage.outcome({ type: ping, param: '{}', data: 'x' });
    return [status, param, data.length];
  }, [0, '', 0]),
  loggedIn('F2 a NOOP', (stage) => stage.outcome({ type: TYPE.noop }), 'silence'),
  loggedIn('F3 F4 an unknown type, QOSSETUP', async (stage) => [
    await stage.statusOf({ type: 0x7b }), await stage.statusOf({ type: QOSSETUP })],
  { plain: ['silence', 'silence'], go: [3, 3] }, ['F4']),
  loggedIn('F4 a PUBLISH', async (stage) => {
    const outcome = await stage.outcome({ type: TYPE.publish, url: '/tick' });
    return [outcome, stage.server.last.n];
  }, { plain: ['silence', 0], go: ['silence', 1] }, ['F4']),
  loggedIn('F7 a half close', async (stage) => {
    stage.client.socket.end();
    return Promise.race([stage.ended(), stage.stillNothing()]);
  }, { plain: 'closed', python: 'reset', go: 'deaf' }),
];

const strict = row('a conversation of a strict client breaks nothing', async (stage) => {
  const udp = await stage.udp();
  const statuses = [(await stage.login({ flags: TUNNEL, tunnel: udp.port })).status];
  for (const packet of [{ type: rpc, flags: SET, url: '/echo', param: '{"a":[1]}', data: 'abc' },
    to('/tick'), off('/tick'), { type: ping }]) {
    statuses.push(await stage.statusOf(packet));
  }
  stage.client.send({ type: TYPE.noop, seqno: 65536 }, { type: datagram, url: '/d' });
  await udp.send(good(stage));
  await until(() => stage.server.last.n === 2, 'both datagrams');
  return statuses;
}, [0, 0, 0, 0, 0]);

run([strict, ...subscriptions, ...datagrams, ...rest]);
