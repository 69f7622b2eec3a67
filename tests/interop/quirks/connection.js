// connection.js — one client's TCP connection at a scripted server.
// Owner:  ScriptedServer, in its set.
// Bound:  what came and is not yet a whole packet, or waits for the log-in to be answered.
// Fails:  what a client must not send becomes a line of the server's `faults`, and is then handled as
//         the kind does.
'use strict';

const { encode, decode, REPLY, TUNNEL, TYPE } = require('../packet');
const { STATUS, json } = require('./kinds');
const { rowsBroken } = require('./strict');

const QOSSETUP = 0x06;
const HEADER_BYTES = 20;
const PACKET_BYTES_MAX = 262144;
// The log-in is answered late, so that whoever does not wait for it is caught (B12).
const LOGIN_MS = 20;

const isTopic = (topic) => typeof topic === 'string' && topic.startsWith('/');
const matches = (pattern, url) => pattern === '/' || pattern === url ||
  (pattern.endsWith('/') && (url + '/').startsWith(pattern));

// The length that a header tells of, or 0 while it is not whole.
const announcedBytes = (bytes) => (bytes.length < HEADER_BYTES ? 0 :
  HEADER_BYTES + bytes.readUInt16BE(10) + bytes.readUInt32BE(12) + bytes.readUInt32BE(16) +
    (bytes[2] >> 6));

class Connection {
  constructor(server, socket) {
    Object.assign(this, { server, socket, kind: server.kind, subscriptions: new Set() });
    this.id = server.nextId++;
    this.loggedIn = false;
    this.loggingIn = false; // nothing is handled meanwhile
    this.deaf = false;
    this.udpPort = 0;
    this.rest = Buffer.alloc(0);
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.read(bytes));
    socket.on('error', () => {}); // 'close' follows
    socket.on('end', () => this.atEof());
    socket.on('close', () => server.connections.delete(this));
    const limit_ms = this.kind.loginLimitMs; // B16
    if (limit_ms > 0) this.limit = setTimeout(() => this.loggedIn || socket.end(), limit_ms).unref();
  }

  atEof() { // F7
    if (this.kind.atEof === 'reset') this.socket.resetAndDestroy();
    else if (this.kind.atEof === 'close') this.socket.end();
  }

  end(how) {
    this.deaf = true;
    if (how === 'reset') this.socket.resetAndDestroy();
    else if (how === 'close') this.socket.end();
  }

  read(bytes) {
    this.rest = Buffer.concat([this.rest, bytes]);
    this.handleAll();
  }

  get reads() {
    return !this.deaf && !this.loggingIn && !this.server.deadlocked;
  }

  handleAll() {
    while (this.reads && this.rest.length > 0) {
      if (this.rest[0] !== 0x29) return this.refuseFraming('A1: bad magic');
      const bytes = announcedBytes(this.rest);
      if (bytes > PACKET_BYTES_MAX) return this.refuseFraming(`A2: a packet of ${bytes} bytes`);
      const packet = decode(this.rest);
      if (!packet) return;
      this.rest = this.rest.subarray(packet.total);
      this.server.note(rowsBroken(packet), packet);
      if (!this.kind.takes(packet)) return this.end(this.kind.atBadFraming); // A4, A5
      if (this.kind.closesAtBadUrl && packet.url.includes('\ufffd')) return this.end('close'); // A12
      this.take(packet);
    }
  }

  refuseFraming(fault) {
    this.server.faults.push(fault);
    this.end(this.kind.atBadFraming);
  }

  send(packet) {
    const bytes = encode(packet);
    const pad = bytes[2] >> 6;
    bytes.fill(this.kind.pad, bytes.length - pad); // A6
    this.socket.write(bytes);
  }

  reply(request, status, content = {}) {
    setTimeout(() => this.send({
      type: request.type, status, seqno: request.seqno, ...this.replyFlags(request), ...content,
    }), this.kind.delay());
  }

  replyFlags({ flags, tunnel }) {
    return this.kind.mirrors ? { flags: REPLY | flags, tunnel } : { flags: REPLY };
  }

  take(packet) {
    if (packet.type === TYPE.servinfo) return this.login(packet);
    if (!this.loggedIn) {
      this.server.note([this.server.password ? 'B11' : 'B10'], packet);
      if (!this.mayAsk(packet)) return;
    }
    if (packet.flags & REPLY && !this.kind.takesReplies) return; // C8, E6
    const known = {
      [TYPE.rpc]: () => this.call(packet),
      [TYPE.subscribe]: () => this.subscribe(packet),
      [TYPE.unsubscribe]: () => this.unsubscribe(packet),
      [TYPE.publish]: () => this.kind.takesPublishes && this.server.datagram(this, packet, false),
      [TYPE.datagram]: () => this.server.datagram(this, packet, false),
      [TYPE.ping]: () => this.reply(packet, 0),
      [TYPE.noop]: () => {},
    }[packet.type];
    if (known) known();
    else if (this.kind.refusesUnknownTypes) this.reply(packet, STATUS.invalidUrl);
  }

  // B10, B11: whether a request without a log-in is handled.
  mayAsk(packet) {
    const { password } = this.server;
    const { anyPacketLogsIn, beforeLogin, beforePassword } = this.kind;
    if (password && anyPacketLogsIn && (json(packet.param) || {}).passwd === password) {
      this.loggedIn = true;
      return true;
    }
    const action = password ? beforePassword : beforeLogin;
    if (action.startsWith('refuse') && packet.type !== TYPE.noop) {
      this.send({ type: packet.type, flags: REPLY, status: STATUS.password, seqno: packet.seqno });
    }
    if (action.endsWith('close')) this.end('close');
    return action === 'answer';
  }

  login(packet) {
    if (this.loggedIn) {
      this.server.note(['B13'], packet);
      if (!this.kind.answersSecondLogin) return;
    }
    this.loggingIn = true;
    setTimeout(() => {
      this.loggingIn = false;
      const early = this.rest.length > 0;
      if (early) this.server.faults.push('B12: something was sent before the log-in was answered');
      if (early && this.kind.pipelining === 'deadlock') this.server.deadlocked = true;
      if (this.server.deadlocked || this.socket.destroyed) return;
      this.answerLogin(packet);
      this.handleAll();
    }, LOGIN_MS);
  }

  answerLogin(packet) {
    const { password } = this.server;
    const given = (json(packet.param) || {}).passwd;
    if (password && typeof given !== 'string' && this.kind.noPassword === 'no reply flag') {
      return this.send({ type: TYPE.servinfo, seqno: packet.seqno });
    }
    if (password && !this.kind.fits(given, password)) {
      this.send({ type: TYPE.servinfo, flags: REPLY, status: STATUS.password, seqno: packet.seqno });
      if (this.kind.afterWrongPassword === 'close') this.end('close');
      return;
    }
    this.loggedIn = true;
    const announced = packet.flags & TUNNEL || !this.kind.needsTunnelFlag;
    this.udpPort = announced ? packet.tunnel : 0;
    this.send({
      type: TYPE.servinfo, seqno: packet.seqno, ...this.replyFlags(packet),
      param: '{"kind":"scripted"}', data: this.loginData(packet),
    });
    if (this.kind.chatter) this.chatter();
  }

  loginData({ flags }) {
    const sixBytes = this.kind.otherQuickPort && flags & TUNNEL; // B2
    const data = Buffer.alloc(sixBytes ? 6 : 4);
    data.writeUInt32BE(this.id);
    if (sixBytes) data.writeUInt16BE(this.server.udp.address().port, 4);
    return data;
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
    if (!packet.url.startsWith('/')) return this.reply(packet, this.kind.badCallUrl);
    const answer = this.server.answer(packet);
    if (!answer) return; // C4: it has just ended
    const [status, content] = answer;
    this.reply(packet, content ? this.kind.handlerStatus(status) : status, content);
  }

  // D7, D8, D10: whether somebody publishes there.
  isPublished(topic) {
    const { topics } = this.kind;
    if (!topics || topic === '/') return true;
    return topics.includes(topic) || (topic.endsWith('/') && topics.includes(topic.slice(0, -1)));
  }

  subscribe({ url, param, ...packet }) {
    const { takesLists, badTopic, noGoodTopic } = this.kind;
    const list = url === '' && takesLists ? json(param) : [url || '/']; // D1, D2, D5
    if (!Array.isArray(list)) return this.reply(packet, STATUS.arguments); // D20
    if (url !== '' && !isTopic(url)) return this.reply(packet, badTopic);
    const good = list.filter(isTopic);
    if (list.length > 0 && good.length === 0) return this.reply(packet, noGoodTopic);
    if (!good.every((topic) => this.isPublished(topic))) {
      return this.reply(packet, STATUS.invalidUrl);
    }
    good.forEach((topic) => this.subscriptions.add(topic));
    return this.reply(packet, STATUS.success);
  }

  unsubscribe({ url, param, ...packet }) {
    if (url === '' && (param === '' || !this.kind.takesLists)) {
      return this.reply(packet, this.unsubscribeNothing());
    }
    const list = url === '' ? json(param) : [url];
    if (!Array.isArray(list)) return this.reply(packet, STATUS.arguments);
    if (url !== '' && !isTopic(url)) return this.reply(packet, this.kind.badTopic); // D18
    if (!list.every((topic) => this.isPublished(topic))) { // D17
      return this.reply(packet, STATUS.invalidUrl);
    }
    list.forEach((topic) => this.subscriptions.delete(topic)); // D15, D16, D19
    return this.reply(packet, STATUS.success);
  }

  // D14
  unsubscribeNothing() {
    const { emptyUnsubscribe } = this.kind;
    if (emptyUnsubscribe === 'refused') return STATUS.arguments;
    if (emptyUnsubscribe === 'all') this.subscriptions.clear();
    else this.subscriptions.delete('/');
    return STATUS.success;
  }

  gets(url, quick) {
    if (quick && this.kind.quickNeedsExact) return this.subscriptions.has(url); // D9, D21
    return [...this.subscriptions].some((pattern) => matches(pattern, url));
  }
}

module.exports = { Connection };
