// Property: our client gets along with the official Node server.
// Method: servers with and without a password, and one with different TCP and UDP ports, are run
// here; `interop_peer client` goes through its checks against them, and prints them itself.
'use strict';

const assert = require('assert');
const { spawn } = require('child_process');
const { interopPeer, run, until, within } = require('./harness');
const { vsoa } = require('./node_client');

const PASSWORD = 'pässword';
const CLIENT_MS = 60000;
const LATE_CALLS = 200;
const ADDRESS = '127.0.0.1';

class NodeServer {
  constructor(options = {}) {
    this.server = new vsoa.Server({ info: { name: 'node' }, ...options });
    this.server.sendTimeout(30000); // its own 500 ms are short on a busy machine
    this.events = []; // [client, connected]
    this.late = [];
    this.server.onclient = (client, connected) => this.events.push([client, connected]);
    // An empty payload comes as undefined, which datagram() does not take.
    this.server.ondata = (client, url, payload = {}, quick = false) => {
      client.datagram(url, payload, quick);
    };
    for (const [url, command] of Object.entries(this.commands())) {
      this.server.on(url, (client, request, payload) => {
        const reply = (content, status = 0) => client.reply(status, request.seqno, content);
        command({ client, request, payload, reply });
      });
    }
  }

  commands() {
    return {
      '/echo': ({ payload, reply }) => reply(payload),
      '/method': ({ request, reply }) => reply({ param: { method: request.method } }),
      '/status': ({ payload, reply }) => {
        reply({ param: { reason: 'asked for' } }, payload.param[0]);
      },
      '/prefix/': ({ request, reply }) => reply({ param: { url: request.url } }),
      '/silent': () => {},
      '/late': ({ payload, reply }) => this.answerLate(() => reply(payload)),
      '/subscriptions': ({ client, reply }) => reply({ param: [...client._sub].sort() }),
      // The message in front of the reply, both of TCP.
      '/publish': ({ payload, reply }) => {
        this.server.publish(payload.param.url, payload, payload.param.quick);
        reply();
      },
      '/datagram': ({ client, payload, reply }) => {
        client.datagram(payload.param.url, payload, payload.param.quick);
        reply();
      },
      '/priority': ({ client, reply }) => {
        client.priority(5);
        reply({ param: 'behind QOSSETUP' });
      },
      // Out of the parser's call, which does not survive it.
      '/restart': () => setImmediate(() => this.restart()),
    };
  }

  // When all calls are there, they are answered from the last to the first.
  answerLate(answer) {
    this.late.push(answer);
    if (this.late.length === LATE_CALLS) this.late.splice(0).reverse().forEach((late) => late());
  }

  async start(port) {
    const started = new Promise((resolve, reject) => {
      this.server.start({ domain: vsoa.AF_INET, addr: ADDRESS, port }, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    await within(started, 'start()');
    this.port = this.server.address().port;
    this.url = `vsoa://${ADDRESS}:${this.port}`;
    return this;
  }

  async restart() {
    await new Promise((resolve) => this.server.close(resolve));
    await this.start(this.port);
  }
}

// The official server has one UDP port with its TCP port only if it is told which.
async function startOnOnePort(options) {
  const scout = await new NodeServer().start(0);
  const port = scout.port;
  await new Promise((resolve) => scout.server.close(resolve));
  return new NodeServer(options).start(port);
}

let open;
let locked;
let twoPorts;

function peerClient() {
  const urls = [open.url, locked.url, twoPorts.url];
  const child = spawn(interopPeer(), ['client', ...urls, PASSWORD], {
    stdio: 'inherit',
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal || code));
  });
}

const checks = [
  ['starts', async () => {
    open = await startOnOnePort();
    locked = await startOnOnePort({ passwd: PASSWORD });
    twoPorts = await new NodeServer().start(0);
    assert.notStrictEqual(twoPorts.server._qport, twoPorts.port);
    assert.strictEqual(open.server._qport, undefined);
  }],

  ['all checks of interop_peer client hold', async () => {
    assert.strictEqual(await peerClient(), 0);
  }, CLIENT_MS],

  ['the server has seen each client come and go once', async () => {
    for (const { server, events } of [open, locked, twoPorts]) {
      await until(() => server.count() === 0, 'no client left');
      const came = events.filter(([, connected]) => connected).map(([client]) => client);
      const gone = events.filter(([, connected]) => !connected).map(([client]) => client);
      assert(came.length > 0);
      assert.strictEqual(came.length, gone.length);
      assert.deepStrictEqual(new Set(came), new Set(gone));
    }
  }],
];

run(checks);
