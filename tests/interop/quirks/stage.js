// stage.js — one client at one scripted server, and checks that do the same at a server of each kind.
// Bound:  a stage ends with its check; the script ends what a failed check leaves behind.
'use strict';

const assert = require('assert');
const dgram = require('dgram');
const { RawClient, REPLY, TUNNEL, TYPE, encode } = require('../packet');
const { kinds } = require('./kinds');
const { ScriptedServer } = require('./scripted_server');

const NAMES = ['plain', 'python', 'go', 'wyf'];

const { ping, servinfo } = TYPE;

// A client and its server. Replies are not delayed: what is answered comes before what is asked later.
class Stage {
  static async of(name, password = '') {
    const stage = new Stage();
    stage.server = await new ScriptedServer({ ...kinds[name], delay: () => 0 }, password).start();
    stage.clients = [];
    stage.sockets = [];
    stage.client = stage.connect();
    return stage;
  }

  connect() {
    const client = new RawClient(this.server.url);
    client.socket.on('error', ({ code }) => (client.error = code));
    this.clients.push(client);
    return client;
  }

  // The answer to the log-in.
  async login(request = {}, client = this.client) {
    client.send({ type: servinfo, ...request });
    const answer = await client.packets.nextMatching(({ type }) => type === servinfo);
    client.id = answer.data.length >= 4 ? answer.data.readUInt32BE() : undefined;
    return answer;
  }

  // A UDP socket, and what it sends to the server's quick port.
  async udp() {
    const socket = dgram.createSocket('udp4');
    await new Promise((resolve) => socket.bind(0, '127.0.0.1', resolve));
    this.sockets.push(socket);
    return { port: socket.address().port, send: (bytes) => this.quick(socket, bytes) };
  }

  // Sends bytes or a packet; returns when the server has seen it. Loopback loses nothing so small.
  async quick(socket, packet) {
    const bytes = Buffer.isBuffer(packet) ? packet : encode(packet);
    const seen = new Promise((resolve) => this.server.udp.once('message', resolve));
    socket.send(bytes, this.server.udp.address().port, '127.0.0.1');
    await seen;
  }

  // What comes of it: the reply, 'silence', 'closed', 'reset' or 'deaf'.
  async outcome(packet) {
    const { client } = this;
    const bytes = Buffer.isBuffer(packet) ? packet : encode({ seqno: this.nextSeqno(), ...packet });
    const marker = this.nextSeqno();
    client.socket.write(Buffer.concat([bytes, encode({ type: ping, seqno: marker })]));
    const seqnos = [bytes.readUInt32BE(4), marker];
    const replied = client.packets.nextMatching(
      ({ type, flags, seqno }) => flags & REPLY && type !== servinfo && seqnos.includes(seqno));
    replied.catch(() => {}); // it waits on if nothing came
    const answer = await Promise.race([replied, this.ended(client), this.stillNothing()]);
    return answer.seqno === marker ? 'silence' : answer;
  }

  nextSeqno() {
    this.seqno = (this.seqno || 1000) + 1;
    return this.seqno;
  }

  ended(client = this.client) {
    return client.closed.then(() => (client.error ? 'reset' : 'closed'));
  }

  async statusOf(packet) {
    const answer = await this.outcome(packet);
    return typeof answer === 'string' ? answer : answer.status;
  }

  // 'deaf' after other servers had time for some conversations.
  async stillNothing() {
    for (let i = 0; i < 3; i++) {
      const other = await Stage.of('plain');
      await other.login();
      await other.client.ask({ type: ping, seqno: 1 });
      other.close();
    }
    return 'deaf';
  }

  // The URLs that one round of publishes brings, with copies.
  async heard() {
    this.client.packets.items = [];
    this.server.publishRound();
    this.client.send({ type: ping, seqno: 98 });
    const urls = [];
    for (;;) {
      const { type, url, seqno } = await this.client.packets.next();
      if (type === ping && seqno === 98) return urls.sort();
      if (type === TYPE.publish) urls.push(url);
    }
  }

  // [status, what is heard then]
  async heardAfter(packet) {
    const status = await this.statusOf(packet);
    return [status, await this.heard()];
  }

  get rows() {
    return [...new Set(this.server.faults.map((fault) => fault.split(':')[0]))].sort();
  }

  close() {
    this.clients.forEach((client) => client.close());
    this.sockets.forEach((socket) => socket.close());
    this.server.stop();
  }
}

// One check: `act` gets a stage of each kind; what it answers is compared with `due`, by kind or, where
// all are the same, one value; the rows that the server found broken with `broken`.
function row(name, act, due, broken = [], password = '') {
  return [name, async () => {
    for (const kind of NAMES) {
      const stage = await Stage.of(kind, password);
      const got = await act(stage, kind);
      const byKind = due !== null && typeof due === 'object' && Object.hasOwn(due, 'plain');
      const expected = byKind ? (Object.hasOwn(due, kind) ? due[kind] : due.plain) : due;
      assert.deepStrictEqual([kind, got], [kind, expected]);
      const rows = Array.isArray(broken) ? broken : broken[kind] || [];
      assert.deepStrictEqual([kind, stage.rows], [kind, rows]);
      stage.close();
    }
  }];
}

// The same for clients that are logged in.
const loggedIn = (name, act, due, broken) => row(name, async (stage, kind) => {
  await stage.login();
  return act(stage, kind);
}, due, broken);

// The server's last datagram and how many there were, after what `send` does.
const quickly = (name, send, due, broken) => row(name, async (stage) => {
  const udp = await stage.udp();
  await stage.login({ flags: TUNNEL, tunnel: udp.port });
  await send(stage, udp);
  return stage.server.last.n;
}, due, broken);

module.exports = { NAMES, Stage, loggedIn, quickly, row };
