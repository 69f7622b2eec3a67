// node_playground.js — the contract of `ringroad playground`, served by the official Node package.
// Usage:  node node_playground.js [--password PW]   prints "serving vsoa://ADDRESS", ends on SIGTERM
// Why here: `ringroad conform` must find nothing wrong with a server that is not ours.
'use strict';

const vsoa = require('vsoa');
const { PLAYGROUND_BYTES, bytesOf, crc32 } = require('./stream_bytes');

const ADDRESS = '127.0.0.1';
const ROUND_MS = 100;
const SEND_TIMEOUT_MS = 30000; // the package's own 500 ms are short on a busy machine
const ARGUMENTS = 2;

const isNumber = (value) => typeof value === 'number';

class NodePlayground {
  constructor(passwd) {
    this.server = new vsoa.Server({ info: { name: 'node playground' }, ...(passwd && { passwd }) });
    this.server.sendTimeout(SEND_TIMEOUT_MS);
    this.datagrams = 0;
    this.last = null;
    this.put = { size: -1 };
    this.n = 0;
    this.registerCommands();
    this.server.ondata = (client, url, payload = {}, quick = false) => {
      this.takeDatagram(client, url, payload, !!quick);
    };
  }

  registerCommands() {
    const commands = {
      '/echo': (payload) => [0, payload],
      '/add': ({ param }) => {
        const good = param && isNumber(param.a) && isNumber(param.b);
        return good ? [0, { param: { sum: param.a + param.b } }] : [ARGUMENTS];
      },
      '/wild/': (payload, request) => [0, { param: { url: request.url } }],
      '/method': (payload, request) => [0, { param: { method: request.method } }],
      '/fail': ({ param }) => {
        const good = param && Number.isInteger(param.status);
        return good ? [param.status, { param: { error: 'asked' } }] : [ARGUMENTS];
      },
      '/put_result': () => [0, { param: this.put }],
      '/prio': ({ param }, request, client) => {
        if (!request.method) return [0, { param: { prio: client._pri } }];
        const good = param && Number.isInteger(param.prio) && param.prio >= 0 && param.prio <= 7;
        if (good) client.priority(param.prio);
        return good ? [0, { param: { prio: param.prio } }] : [ARGUMENTS];
      },
      '/dgram/last': () => [0, { param: { n: this.datagrams, last: this.last } }],
    };
    for (const [url, command] of Object.entries(commands)) {
      this.server.on(url, (client, request, payload) => {
        const [status, content] = command(payload || {}, request, client);
        client.reply(status, request.seqno, content);
      });
    }
    this.server.on('/get_data', (client, request) => this.getData(client, request));
    this.server.on('/put_data', (client, request) => this.putData(client, request));
  }

  getData(client, request) {
    const stream = this.server.createStream();
    stream.on('error', () => {}); // the client has left
    stream.on('connect', () => stream.end(bytesOf(PLAYGROUND_BYTES)));
    client.reply(0, request.seqno, { param: { size: PLAYGROUND_BYTES } }, stream.tunid);
  }

  putData(client, request) {
    const stream = this.server.createStream();
    const put = { size: 0, crc32: 0 };
    stream.on('error', () => {});
    stream.on('data', (chunk) => {
      put.size += chunk.length;
      put.crc32 = crc32(chunk, put.crc32);
    });
    stream.on('close', () => { this.put = put; });
    client.reply(0, request.seqno, stream.tunid);
  }

  takeDatagram(client, url, payload, quick) {
    this.datagrams++;
    const { param = null, data } = payload;
    this.last = { url: url || '', quick, param, len: data ? data.length : 0 };
    if (url) client.datagram(url, payload, quick);
  }

  publishRound() {
    const n = ++this.n;
    this.server.publish('/tick', { param: { n } });
    for (const id of [1, 2, 3]) {
      const data = Buffer.from([id, n & 255]);
      this.server.publish(`/fleet/${id}/pos`, { param: { id, x: n, y: -n }, data });
    }
    this.server.publish('/qtick', { param: { n }, data: Buffer.from('Q') }, true);
  }

  start(port) {
    return new Promise((resolve, reject) => {
      this.server.start({ domain: vsoa.AF_INET, addr: ADDRESS, port }, (error) => {
        if (error) reject(error);
        else resolve(this.server.address().port);
      });
    });
  }
}

// With port 0 the package takes another port for UDP (B2), and its own client then loses its quick
// channel (B4): so a port that was free a moment ago.
async function freePort() {
  const scout = new NodePlayground();
  const port = await scout.start(0);
  await new Promise((resolve) => scout.server.close(resolve));
  return port;
}

async function main() {
  const at = process.argv.indexOf('--password');
  const playground = new NodePlayground(at > 0 ? process.argv[at + 1] : undefined);
  const port = await playground.start(await freePort());
  setInterval(() => playground.publishRound(), ROUND_MS);
  console.log(`serving vsoa://${ADDRESS}:${port} with the official Node package`);
}

process.on('SIGTERM', () => process.exit(0));
main();
