// packet.js — VSOA packets by hand, for what the official client cannot be made to send or show.
// Fails:  a packet that does not come rejects after the inbox's wait.
'use strict';

const net = require('net');
const { Inbox, within } = require('./harness');

const TYPE = {
  servinfo: 0x00, rpc: 0x01, subscribe: 0x02, unsubscribe: 0x03, publish: 0x04, datagram: 0x05,
  qossetup: 0x06, noop: 0xfe, ping: 0xff,
};
const REPLY = 0x01;
const TUNNEL = 0x02;
const HEADER_BYTES = 20;

function encode({ type, flags = 0, status = 0, seqno = 0, tunnel = 0, url = '', param = '',
  data = '' }) {
  const parts = [url, param, data].map((part) => Buffer.from(part));
  const bytes = HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0);
  const pad = -bytes & 3;
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(0x29, 0);
  header.writeUInt8(type, 1);
  header.writeUInt8(flags | (pad << 6), 2);
  header.writeUInt8(status, 3);
  header.writeUInt32BE(seqno, 4);
  header.writeUInt16BE(tunnel, 8);
  header.writeUInt16BE(parts[0].length, 10);
  header.writeUInt32BE(parts[1].length, 12);
  header.writeUInt32BE(parts[2].length, 16);
  return Buffer.concat([header, ...parts, Buffer.alloc(pad)]);
}

// The first packet of the bytes with its length, or null if they do not hold one.
function decode(bytes) {
  if (bytes.length < HEADER_BYTES) return null;
  const lengths = [bytes.readUInt16BE(10), bytes.readUInt32BE(12), bytes.readUInt32BE(16)];
  const pad = bytes[2] >> 6;
  const total = HEADER_BYTES + lengths[0] + lengths[1] + lengths[2] + pad;
  if (bytes.length < total) return null;
  const param = HEADER_BYTES + lengths[0];
  return {
    magic: bytes[0],
    type: bytes[1],
    flags: bytes[2] & 0x3f,
    status: bytes[3],
    seqno: bytes.readUInt32BE(4),
    tunnel: bytes.readUInt16BE(8),
    url: bytes.toString('utf8', HEADER_BYTES, param),
    param: bytes.toString('utf8', param, param + lengths[1]),
    data: Buffer.from(bytes.subarray(param + lengths[1], param + lengths[1] + lengths[2])),
    pad: Buffer.from(bytes.subarray(total - pad, total)),
    total,
  };
}

// A TCP connection that shows packets, and the segments they came in.
class RawClient {
  constructor(url) {
    const { hostname, port } = new URL(url);
    this.socket = net.connect(Number(port), hostname);
    this.socket.setNoDelay(true);
    this.packets = new Inbox('packet');
    this.segments = []; // { at: ms, bytes }
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    let rest = Buffer.alloc(0);
    this.socket.on('error', () => {}); // 'close' follows
    this.socket.on('data', (bytes) => {
      this.segments.push({ at: performance.now(), bytes: bytes.length });
      rest = Buffer.concat([rest, bytes]);
      for (let packet = decode(rest); packet; packet = decode(rest)) {
        this.packets.push(packet);
        rest = rest.subarray(packet.total);
      }
    });
  }

  send(...packets) {
    this.socket.write(Buffer.concat(packets.map(encode)));
  }

  // Sends one packet and answers the next that comes.
  ask(packet) {
    this.send(packet);
    return this.packets.next();
  }

  login(param = '{}') {
    return this.ask({ type: TYPE.servinfo, seqno: 0x1234, param });
  }

  ended() {
    return within(this.closed, 'the close');
  }

  close() {
    this.socket.destroy();
  }
}

module.exports = { REPLY, TUNNEL, TYPE, RawClient, decode, encode };
