// scripted_server.js — the playground's contract on raw sockets, with the quirks of a kind.
// Nothing of it is taken from an implementation: it behaves as docs/WIRE.md says the kind does.
// Bound:  the script's life; what a client must never send is in `faults`, for the check to look at.
'use strict';

const dgram = require('dgram');
const net = require('net');
const { encode, decode, REPLY, TYPE } = require('../packet');
const { Connection } = require('./connection');
const { STATUS, json } = require('./kinds');

const HEADER_BYTES = 20;
const SET = 0x04;
const ROUND_MS = 100;
const FLEET = [1, 2, 3];

// The packet of a datagram, whose pad may be missing.
const decodeUnpadded = (bytes) => (bytes.length < HEADER_BYTES ? null :
  decode(bytes) || decode(Buffer.concat([bytes, Buffer.alloc(bytes[2] >> 6)])));

class ScriptedServer {
  constructor(kind, password) {
    Object.assign(this, { kind, password, nextId: kind.firstId, connections: new Set() });
    this.faults = [];
    this.n = 0;
    this.last = { n: 0, last: null };
    this.deadlocked = false; // B12
    this.quickIsDead = false; // E7, E8
    this.tcp = net.createServer({ allowHalfOpen: true },
      (socket) => this.connections.add(new Connection(this, socket)));
  }

  async start() {
    for (;;) {
      await new Promise((resolve) => this.tcp.listen(0, '127.0.0.1', resolve));
      const { port } = this.tcp.address();
      this.udp = dgram.createSocket('udp4');
      const wanted = this.kind.otherQuickPort ? 0 : port;
      const bound = await new Promise((resolve) => {
        this.udp.once('error', () => resolve(false));
        this.udp.bind(wanted, '127.0.0.1', () => resolve(true));
      });
      if (bound) {
        this.udp.on('message', (bytes, from) => this.takeQuick(bytes, from));
        this.timer = setInterval(() => this.publishRound(), ROUND_MS);
        this.url = `vsoa://127.0.0.1:${port}`;
        return this;
      }
      await new Promise((resolve) => this.tcp.close(resolve)); // somebody has the UDP port
    }
  }

  // Also what ends it (C4): a second time is harmless.
  stop() {
    if (this.stopped) return;
    this.stopped = true;
    clearInterval(this.timer);
    this.connections.forEach(({ socket }) => socket.destroy());
    this.tcp.close();
    this.udp.close();
  }

  note(rows, packet) {
    rows.forEach((row) => this.faults.push(`${row}: ${JSON.stringify(packet)}`));
  }

  // Answers [status, { param, data }], without the latter if no handler was there; nothing if it ended.
  answer({ url, param, data, flags }) {
    const value = json(param);
    const wild = this.kind.wild(url);
    if (wild === 'exit') {
      this.faults.push(`C4: ${url} ends this kind of server`);
      return this.stop();
    }
    if (wild) return [0, { param: JSON.stringify({ url }) }];
    const commands = {
      '/echo': () => [0, { param: param && this.kind.echo(param), data }],
      '/method': () => [0, { param: JSON.stringify({ method: flags & SET ? 1 : 0 }) }],
      '/add': () => (value && Number.isInteger(value.a) && Number.isInteger(value.b)
        ? [0, { param: JSON.stringify({ sum: value.a + value.b }) }] : [STATUS.arguments, {}]),
      '/fail': () => [value.status, { param: '{"error":"asked"}' }],
      '/prio': () => {
        const set = (flags & SET) !== 0;
        const prio = value ? value.prio : undefined;
        if (set && !(Number.isInteger(prio) && prio >= 0 && prio <= 7)) return [STATUS.arguments, {}];
        if (set) this.prio = prio;
        return [0, { param: JSON.stringify({ prio: this.prio || 0 }) }];
      },
      '/dgram/last': () => [0, { param: JSON.stringify(this.last) }],
    };
    return Object.hasOwn(commands, url) ? commands[url]() : [STATUS.invalidUrl];
  }

  takeQuick(bytes, from) {
    const tooLong = bytes.length > this.kind.quickBytesMax;
    const cut = !tooLong && !decode(bytes);
    // A11: only its pad may be missing.
    const packet = cut && this.kind.needsNoPad ? decodeUnpadded(bytes) : decode(bytes);
    const junk = !decodeUnpadded(bytes) || bytes[0] !== 0x29;
    if (junk) this.faults.push(`E7: junk of ${bytes.length} bytes`);
    else if (tooLong) this.faults.push(`E8: a datagram of ${bytes.length} bytes`);
    else if (cut) this.faults.push(`A11: a datagram without its pad`);
    if ((junk || tooLong) && this.kind.junkEndsQuick) this.quickIsDead = true;
    if (junk || tooLong || !packet || this.quickIsDead || this.deadlocked) return;
    if (packet.type !== TYPE.datagram) {
      this.note(['E5'], packet);
      if (!this.kind.takesAnyQuickType) return;
    }
    if (packet.flags & REPLY) {
      this.note(['E6'], packet);
      if (!this.kind.takesReplies) return;
    }
    const sender = this.senderOf(packet, from);
    if (sender) this.datagram(sender, packet, true);
  }

  // E2, E3, E4: who sent a quick datagram, if it is one whose datagrams are taken.
  senderOf(packet, from) {
    const connections = [...this.connections];
    const named = connections.find(({ id }) => id === packet.seqno);
    const announced = connections.find(({ udpPort }) => udpPort === from.port);
    if (!named || !named.loggedIn || named !== announced) this.note(['E2'], packet);
    if (this.kind.findsBy === 'port') return announced;
    if (named && named.loggedIn) return named;
    if (named && this.kind.refusesStrangers) {
      named.send({ type: TYPE.datagram, flags: REPLY, status: STATUS.password, seqno: packet.seqno });
    }
    return undefined;
  }

  datagram(connection, { url, param, data }, quick) {
    const last = { url, quick, param: param ? json(param) : null, len: data.length };
    this.last = { n: this.last.n + 1, last };
    if (!url || !this.kind.sendsDatagrams) return;
    this.deliver(connection, { type: TYPE.datagram, url, param, data }, quick);
  }

  deliver(connection, packet, quick) {
    if (!quick) connection.send(packet);
    else if (connection.udpPort) this.udp.send(encode(packet), connection.udpPort, '127.0.0.1');
  }

  publishRound() {
    if (this.deadlocked) return;
    const n = ++this.n;
    const param = JSON.stringify({ n });
    this.publish({ url: '/tick', param }, false);
    for (const id of FLEET) {
      const data = Buffer.from([id, n & 255]);
      this.publish({ url: `/fleet/${id}/pos`, param: JSON.stringify({ id, x: n, y: -n }), data },
        false);
    }
    this.publish({ url: '/qtick', param, data: 'Q' }, true);
  }

  publish(content, quick) {
    for (const connection of this.connections) {
      if (connection.loggedIn && connection.gets(content.url, quick)) {
        this.deliver(connection, { type: TYPE.publish, ...content }, quick);
      }
    }
  }
}

module.exports = { ScriptedServer };
