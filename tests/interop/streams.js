// Property: streams of the official Node client and of ours are the same thing: bytes go both ways
//           whole, and each side ends when the other does.
// Method: the Node client at `ringroad playground`, `ringroad stream` at the Node server. Raw sockets
//         where the official client would not do what must be refused.
'use strict';

const assert = require('assert');
const fs = require('fs');
const net = require('net');
const os = require('os');
const path = require('path');
const { spawn } = require('child_process');
const { Program, ringroad, run, until, within } = require('./harness');
const { connected } = require('./node_client');
const { PLAYGROUND_BYTES, bytesOf, crc32 } = require('./stream_bytes');

const PUT_BYTES = 3000017;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ringroad-streams-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true }));

let playground; // ours
let node; // the official server
let client; // the official client, at ours

async function offered(url) {
  const { payload, tunid } = await within(client.client.fetch(url), url);
  assert(tunid > 0 && tunid < 65536, `${url}: tunnel id ${tunid}`);
  return { param: payload && payload.param, tunid };
}

// The stream, once it is connected.
async function joined(tunid) {
  const stream = client.client.createStream(tunid);
  stream.chunks = [];
  stream.on('data', (chunk) => stream.chunks.push(chunk));
  stream.on('error', () => {}); // told by 'close'
  stream.ended = new Promise((resolve) => stream.on('close', resolve));
  await within(new Promise((resolve, reject) => {
    stream.on('connect', resolve);
    stream.on('timeout', () => reject(new Error('timeout')));
  }), 'connect of the stream');
  return stream;
}

async function putResult(size) {
  return until(async () => {
    const { param } = await client.call('/put_result');
    return param.size === size && param;
  }, `a put of ${size} bytes`);
}

// `ringroad stream`: its exit code and what it says.
async function stream(...args) {
  const child = spawn(ringroad(), ['stream', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk) => { text += chunk; });
  const code = await within(new Promise((resolve) => child.on('close', resolve)), args.join(' '));
  return { code, text };
}

async function expectGet(url) {
  const file = path.join(folder, 'got');
  const { code, text } = await stream('get', `${url}/get_data`, file);
  assert.strictEqual(code, 0, text);
  assert(fs.readFileSync(file).equals(bytesOf(PLAYGROUND_BYTES)), 'other bytes');
}

async function expectPut(url) {
  const file = path.join(folder, 'put');
  const bytes = bytesOf(PUT_BYTES);
  fs.writeFileSync(file, bytes);
  const { code, text } = await stream('put', `${url}/put_data`, file);
  assert.strictEqual(code, 0, text);
  assert(text.includes(crc32(bytes).toString(16).padStart(8, '0')), text);
}

const checks = [
  ['starts', async () => {
    playground = await new Program(ringroad(), ['playground', '--listen', '127.0.0.1:0']).ready();
    node = await new Program(process.execPath, [path.join(__dirname, 'node_playground.js')]).ready();
    client = await connected(playground.url);
  }],

  ['W23 the Node client gets what the playground sends, and its end', async () => {
    const { param, tunid } = await offered('/get_data');
    assert.deepStrictEqual(param, { size: PLAYGROUND_BYTES });
    const got = await joined(tunid);
    await within(got.ended, 'the end');
    assert(Buffer.concat(got.chunks).equals(bytesOf(PLAYGROUND_BYTES)), 'other bytes');
  }],
  ['/put_result before any put', async () => {
    assert.deepStrictEqual((await client.call('/put_result')).param, { size: -1 });
  }],
  ['W23 the Node client puts, and the playground has it all', async () => {
    const bytes = bytesOf(PUT_BYTES);
    const put = await joined((await offered('/put_data')).tunid);
    put.end(bytes);
    await within(put.ended, 'the end');
    assert.deepStrictEqual(await putResult(PUT_BYTES), { size: PUT_BYTES, crc32: crc32(bytes) });
  }],
  ['V5 many streams of the Node client at once', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, async () => {
      const got = await joined((await offered('/get_data')).tunid);
      await within(got.ended, 'the end');
      return Buffer.concat(got.chunks);
    }));
    for (const bytes of all) assert(bytes.equals(bytesOf(PLAYGROUND_BYTES)), 'other bytes');
  }],
  ['G2 a second connection is refused', async () => {
    const { tunid } = await offered('/put_data');
    const first = await joined(tunid);
    const second = net.connect(tunid, '127.0.0.1');
    await within(new Promise((resolve) => {
      second.on('error', resolve);
      second.on('close', resolve);
    }), 'the refusal');
    first.end(Buffer.from('still mine'));
    await within(first.ended, 'the end');
    await putResult(10);
  }],
  ['V27 a stranger is closed, and the right one is waited for', async () => {
    const { tunid } = await offered('/put_data');
    const stranger = net.connect({ port: tunid, host: '127.0.0.1', localAddress: '127.0.0.2' });
    stranger.on('error', () => {});
    await within(new Promise((resolve) => stranger.on('close', resolve)), 'the end of the stranger');
    const right = await joined(tunid);
    right.end(Buffer.from('the right one'));
    await within(right.ended, 'the end');
    await putResult(13);
  }],
  ['G3 nobody joins: the port is closed after 5 s', async () => {
    const { tunid } = await offered('/get_data');
    const refused = () => new Promise((resolve) => {
      const late = net.connect({ port: tunid, host: '127.0.0.1', localAddress: '127.0.0.2' });
      late.on('error', (error) => resolve(error.code === 'ECONNREFUSED'));
      late.on('close', () => resolve(false)); // a stranger: it still listens
    });
    await until(refused, 'the port to be closed');
  }],
  ['V44 a client that goes takes its stream along', async () => {
    const other = await connected(playground.url);
    const { tunid } = await within(other.client.fetch('/put_data'), '/put_data');
    const socket = net.connect(tunid, '127.0.0.1');
    await within(new Promise((resolve) => socket.on('connect', resolve)), 'connect');
    socket.resume();
    const ended = new Promise((resolve) => socket.on('end', resolve));
    other.close();
    await within(ended, 'the end of the stream');
    socket.destroy();
  }],

  ['G1 G4 ringroad stream get from the Node server', () => expectGet(node.url)],
  ['G4 ringroad stream put to the Node server', async () => {
    await expectPut(node.url);
    const peer = await connected(node.url);
    const param = await until(async () => {
      const answer = await peer.call('/put_result');
      return answer.param.size === PUT_BYTES && answer.param;
    }, 'the put');
    assert.deepStrictEqual(param, { size: PUT_BYTES, crc32: crc32(bytesOf(PUT_BYTES)) });
    peer.close();
  }],
  ['ringroad stream get and put at the playground', async () => {
    await expectGet(playground.url);
    await expectPut(playground.url);
    await putResult(PUT_BYTES);
  }],
  ['ringroad stream where there is none: exit 1', async () => {
    for (const server of [playground, node]) {
      const file = path.join(folder, 'none');
      const { code, text } = await stream('get', `${server.url}/echo`, file);
      assert.deepStrictEqual([code, text.includes('offers no stream')], [1, true], text);
    }
  }],
  ['the servers live on', async () => {
    client.close();
    assert.strictEqual(await playground.stop(), 0);
    assert.strictEqual(await node.stop(), 0);
  }],
];

run(checks);
