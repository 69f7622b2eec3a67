// scripted_server.js — the playground's contract on raw sockets, with the quirks of a kind.
// Nothing of it is taken from an implementation: it behaves as docs/WIRE.md says the kind does.
// Bound:  the script's life; whatever ends the server is in `faults`, for the check to look at.
'use strict';

const dgram = require('dgram');
const net = require('net');
const { encode, decode, REPLY, TUNNEL, TYPE } = require('../packet');
const { STATUS } = require('./kinds');

const SET = 0x04;
const QOSSETUP = 0x06;
const ROUND_MS = 100;
const FLEET = [1, 2, 3];

const matches = (pattern, url) => pattern === '/' || pattern === url ||
  (pattern.endsWith('/') && (url + '/').startsWith(pattern));

const json = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

class Connection {
  constructor(server, socket) {
    Object.assign(this, { server, socket, kind: server.kind, subscriptions: new Set() });
    this.id = server.nextId++;
    this.open = !server.password; // requests are answered
    this.rest = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.read(bytes));
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => server.connections.delete(this));
  }

  read(bytes) {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (let packet = decode(this.rest); packet; packet = decode(this.rest)) {
      this.rest = this.rest.subarray(packet.total);
      if (!this.kind.accepts(packet)) this.deaf = true;
      if (packet.magic !== 0x29 || this.deaf) {
        this.server.faults.push(`a packet that this kind does not take: ${JSON.stringify(packet)}`);
        return;
      }
      this.take(packet);
      if (!this.shaken && this.rest.length > 0) {
        this.server.faults.push('B12: something was sent before the handshake was answered');
      }
    }
  }

  send(packet) {
    const bytes = encode(packet);
    const pad = bytes[2] >> 6;
    bytes.fill(this.kind.pad, bytes.length - pad); // A6
    this.socket.write(bytes);
  }

  reply(request, status, content = {}) {
    const mirrored = this.kind.mirrors ? request.flags : 0;
    setTimeout(() => this.send({
      type: request.type, flags: REPLY | mirrored, status, seqno: request.seqno,
      tunnel: this.kind.mirrors ? request.tunnel : 0, ...content,
    }), this.kind.delay());
  }

  take(packet) {
    const known = {
      [TYPE.servinfo]: () => this.shake(packet),
      [TYPE.rpc]: () => this.call(packet),
      [TYPE.subscribe]: () => this.subscribe(packet),
      [TYPE.unsubscribe]: () => this.unsubscribe(packet),
      [TYPE.datagram]: () => this.server.datagram(this, packet, false),
      [TYPE.ping]: () => this.reply(packet, 0),
      [TYPE.noop]: () => {},
    }[packet.type];
    if (packet.type !== TYPE.servinfo && !this.open) {
      this.server.faults.push('B11: a request without a log-in');
      return;
    }
    if (known) known();
    else if (this.kind.mirrors) this.reply(packet, STATUS.invalidUrl); // F3
  }

  shake(packet) {
    const { password } = this.server;
    const given = (json(packet.param) || {}).passwd;
    if (password && given === undefined && this.kind.afterMissingPassword === 'no reply flag') {
      return this.send({ type: TYPE.servinfo, seqno: packet.seqno });
    }
    if (password && given !== password) {
      this.send({ type: TYPE.servinfo, flags: REPLY, status: STATUS.password, seqno: packet.seqno });
      if (this.kind.afterWrongPassword === 'close') this.socket.end();
      return;
    }
    this.open = true;
    this.shaken = true;
    this.udpPort = packet.flags & TUNNEL ? packet.tunnel : 0;
    const other = this.kind.quickPort === 'other';
    const data = Buffer.alloc(other ? 6 : 4);
    data.writeUInt32BE(this.id);
    if (other) data.writeUInt16BE(this.server.udp.address().port, 4);
    const mirrored = this.kind.mirrors ? packet.flags : 0;
    this.send({
      type: TYPE.servinfo, flags: REPLY | mirrored, seqno: packet.seqno,
      tunnel: this.kind.mirrors ? packet.tunnel : 0, param: '{"kind":"scripted"}', data,
    });
    if (this.kind.chatter) this.chatter();
  }

  // C9, F5, F6: a client ignores it all.
  chatter() {
    this.send({ type: TYPE.rpc, flags: REPLY, seqno: 54321, param: '"nobody asked"' });
    this.send({ type: TYPE.rpc, seqno: 7, url: '/echo', param: '"a request"' });
    this.send({ type: TYPE.ping, seqno: 8 });
    this.send({ type: TYPE.noop });
    this.send({ type: 0x7b, flags: REPLY, seqno: 0 });
    this.send({ type: QOSSETUP, flags: REPLY, seqno: 0, status: 5 });
  }

  call(packet) {
    if (packet.flags & REPLY) return;
    const [status, content] = this.server.answer(packet);
    this.reply(packet, status === STATUS.invalidUrl ? status : this.kind.handlerStatus(status),
      content);
  }

  subscribe({ url, param, ...packet }) {
    const { takesLists, topics } = this.kind;
    const list = url === '' && takesLists ? json(param) : [url || '/']; // D1, D2
    if (!Array.isArray(list)) return this.reply(packet, STATUS.arguments);
    const unknown = topics && list.some((topic) => topic !== '/' && !topics.includes(topic));
    if (unknown) return this.reply(packet, STATUS.invalidUrl); // D7
    list.forEach((topic) => this.subscriptions.add(topic));
    return this.reply(packet, STATUS.success);
  }

  unsubscribe({ url, param, ...packet }) {
    const { takesLists, emptyUnsubscribe } = this.kind;
    const empty = url === '' && (param === '' || !takesLists);
    if (empty && emptyUnsubscribe === 'refused') return this.reply(packet, STATUS.arguments);
    if (empty && emptyUnsubscribe === 'all') this.subscriptions.clear();
    else if (empty) this.subscriptions.delete('/');
    else (url ? [url] : json(param)).forEach((topic) => this.subscriptions.delete(topic));
    return this.reply(packet, STATUS.success);
  }

  gets(url) {
    return [...this.subscriptions].some((pattern) => matches(pattern, url));
  }
}

class ScriptedServer {
  constructor(kind, password) {
    Object.assign(this, { kind, password, nextId: kind.firstId, connections: new Set() });
    this.faults = [];
    this.n = 0;
    this.last = { n: 0, last: null };
    this.tcp = net.createServer((socket) => this.connections.add(new Connection(this, socket)));
  }

  async start() {
    for (;;) {
      await new Promise((resolve) => this.tcp.listen(0, '127.0.0.1', resolve));
      const { port } = this.tcp.address();
      this.udp = dgram.createSocket('udp4');
      const wanted = this.kind.quickPort === 'same' ? port : 0;
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

  stop() {
    clearInterval(this.timer);
    this.connections.forEach(({ socket }) => socket.destroy());
    this.tcp.close();
    this.udp.close();
  }

  // Answers [status, { param, data }].
  answer({ url, param, data, flags }) {
    const value = json(param);
    if (this.kind.wild(url) === 'exit') this.faults.push(`C4: ${url} ends this kind of server`);
    if (this.kind.wild(url)) return [0, { param: JSON.stringify({ url }) }];
    const commands = {
      '/echo': () => [0, { param: param && this.kind.echo(param), data }],
      '/method': () => [0, { param: JSON.stringify({ method: flags & SET ? 1 : 0 }) }],
      '/add': () => (value && Number.isInteger(value.a) && Number.isInteger(value.b)
        ? [0, { param: JSON.stringify({ sum: value.a + value.b }) }] : [STATUS.arguments, {}]),
      '/fail': () => [value.status, { param: '{"error":"asked"}' }],
      '/dgram/last': () => [0, { param: JSON.stringify(this.last) }],
    };
    return Object.hasOwn(commands, url) ? commands[url]() : [STATUS.invalidUrl, {}];
  }

  takeQuick(bytes, from) {
    if (bytes.length > this.kind.quickBytesMax) this.quickIsDead = true; // E8
    const packet = decode(bytes);
    if (!packet || this.quickIsDead) {
      this.faults.push(`a datagram of ${bytes.length} bytes ended the quick channel`);
      return;
    }
    const byId = ({ id }) => id === packet.seqno;
    const byPort = ({ udpPort }) => udpPort === from.port;
    const sender = [...this.connections].find(this.kind.findsBy === 'id' ? byId : byPort);
    if (!sender) this.faults.push('E2: a quick datagram of nobody');
    else this.datagram(sender, packet, true);
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
      const wanted = connection.shaken && connection.gets(content.url);
      // D9: quick publishes do not match "/" there.
      const exact = !this.kind.mirrors || connection.subscriptions.has(content.url);
      if (wanted && (!quick || exact)) {
        this.deliver(connection, { type: TYPE.publish, ...content }, quick);
      }
    }
  }
}

module.exports = { ScriptedServer };
