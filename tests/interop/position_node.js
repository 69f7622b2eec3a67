// Property: the official Node client finds servers by `ringroad position`, and `ringroad lookup` finds
//           them by the official Node position server.
// Method: both programs as they are; a real server behind the name, so that the way ends in a connection.
'use strict';

const assert = require('assert');
const fs = require('fs');
const os = require('os');
const path = require('path');
const dgram = require('dgram');
const { execFile } = require('child_process');
const { NodeClient, vsoa } = require('./node_client');
const { Program, ringroad, run, serve, until, within } = require('./harness');

const table = path.join(os.tmpdir(), `ringroad-position-${process.pid}.json`);
process.on('exit', () => fs.rmSync(table, { force: true }));

let gateway;
let position;
let address; // of our position server

const entry = () => ({ name: 'Gateway', addr: '127.0.0.1', port: gateway.port, domain: 2 });

// The official client's answer, or its error's message.
function nodeLookup(name, domain) {
  const found = new Promise((resolve) => {
    vsoa.lookup(name, (error, result) => resolve(error ? error.message : result), domain);
  });
  return within(found, `lookup of ${name}`);
}

// { code, out } of `ringroad lookup`.
function ourLookup(name, server, ...args) {
  const ended = new Promise((resolve) => {
    execFile(ringroad(), ['lookup', name, '--server', server, ...args], (error, stdout) => {
      resolve({ code: error ? error.code : 0, out: stdout.trim() });
    });
  });
  return within(ended, `ringroad lookup ${name}`);
}

async function startPosition() {
  const program = new Program(ringroad(), ['position', '--listen', '127.0.0.1:0', '--table', table]);
  const match = /^answering position queries on (\S+), /.exec(await program.lines.next());
  assert(match, 'first line');
  address = match[1];
  return program;
}

// An official position server on a free port; answers [server, address].
async function nodePosition(entries, onquery) {
  const free = dgram.createSocket('udp4');
  await new Promise((resolve) => free.bind(0, '127.0.0.1', resolve));
  const port = free.address().port;
  await new Promise((resolve) => free.close(resolve));
  const server = new vsoa.Position(entries, { domain: 2, addr: '127.0.0.1', port });
  server.onquery = onquery;
  await new Promise((resolve) => server.start(resolve));
  return [server, `127.0.0.1:${port}`];
}

function askedByEnvironment(servers, body) {
  process.env.VSOA_POS_SERVER = servers;
  return body().finally(() => delete process.env.VSOA_POS_SERVER);
}

const checks = [
  ['starts', async () => {
    gateway = await serve();
    gateway.port = Number(gateway.url.split(':').pop());
    fs.writeFileSync(table, JSON.stringify([
      entry(),
      { name: 'six', addr: '::1', port: 3006, domain: 10, security: true },
    ]));
    position = await startPosition();
  }],
  ['W24 X5 the official client asks our position server', async () => {
    const [addr, port] = address.split(':');
    vsoa.Position.server({ domain: 2, addr, port: Number(port) });
    assert.deepStrictEqual(await nodeLookup('gateway'), { ...entry(), name: 'gateway' });
    assert.deepStrictEqual(await nodeLookup('GATEWAY', 2), { ...entry(), name: 'GATEWAY' });
    assert.deepStrictEqual(await nodeLookup('six'),
      { name: 'six', addr: '::1', port: 3006, domain: 10, security: true });
    assert.strictEqual(await nodeLookup('six', 2), 'Not found!');
    assert.strictEqual(await nodeLookup('nobody'), 'Not found!');
    vsoa.Position.server(undefined);
  }],
  ['V74 the official client connects by name', () => askedByEnvironment(address, async () => {
    const client = new NodeClient();
    assert.deepStrictEqual(await client.connect('vsoa://gateway/some/path'), { name: 'ringroad' });
    assert.strictEqual((await client.call('/ringroad/stats', {}, {})).param.clients_now, 1);
    client.close();
  })],
  ['V72 what is malformed is not answered and harms nobody', async () => {
    const socket = dgram.createSocket('udp4');
    const [addr, port] = address.split(':');
    const answers = [];
    socket.on('message', (bytes) => answers.push(bytes.toString()));
    for (const text of ['x', '{}', '{"name":1}', 'x'.repeat(60000), '{"name":"six"}']) {
      socket.send(text, Number(port), addr);
    }
    await until(() => answers.length > 0, 'the answer to the last one');
    assert.deepStrictEqual(answers.map((text) => JSON.parse(text).name), ['six']);
    socket.close();
  }],
  ['V71 W24 ringroad lookup asks the official position server', async () => {
    const queries = [];
    const [server, where] = await nodePosition([entry()], (name, domain, reply) => {
      queries.push([name, domain]);
      if (name === 'late') {
        setTimeout(() => reply({ addr: '::1', port: 3007, domain: 10 }), 10);
      } else {
        reply();
      }
    });
    const found = { code: 0, out: gateway.url };
    assert.deepStrictEqual(await ourLookup('gateway', where), found);
    assert.deepStrictEqual(await ourLookup('GateWay', where, '--domain', '4'), found);
    assert.deepStrictEqual(await ourLookup('late', where), { code: 0, out: 'vsoa://[::1]:3007' });
    assert.strictEqual((await ourLookup('late', where, '--domain', '4')).code, 1);
    assert.strictEqual((await ourLookup('gateway', where, '--domain', '6')).code, 1);
    assert.deepStrictEqual(queries,
      [['late', undefined], ['late', 2], ['gateway', 10]]);
    await new Promise((resolve) => server.close(resolve));
  }],
  ['W24 a position server that is silent about what it does not know: exit 3', async () => {
    const [server, where] = await nodePosition([entry()], undefined);
    assert.strictEqual((await ourLookup('nobody', where, '--timeout', '0.05')).code, 3);
    await new Promise((resolve) => server.close(resolve));
  }],
  ['ends cleanly', async () => {
    assert.strictEqual(await position.stop(), 0);
    assert.strictEqual(await gateway.stop(), 0);
  }],
];

run(checks);
