// Property: `ringroad conform` finds nothing wrong with the official Node server, and judges no
//           server that it cannot log in to.
// Method: node_playground.js with and without a password; each line of conform becomes a check.
'use strict';

const assert = require('assert');
const path = require('path');
const { spawn } = require('child_process');
const { Program, run, within } = require('./harness');

const CONFORM_MS = 40000; // its own promise
const SERVER = path.join(__dirname, 'node_playground.js');

// Answers { code, lines }.
async function conform(...args) {
  const child = spawn(process.env.RINGROAD_PROGRAM, ['conform', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (bytes) => (text += bytes));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const code = await within(ended, 'the end of conform', CONFORM_MS);
  return { code, lines: text.split('\n').filter((line) => line !== '') };
}

const named = (lines, verdict) =>
  lines.filter((line) => line.startsWith(`${verdict} `)).map((line) => line.split(' ')[1]);

function start(...args) {
  return new Program(process.execPath, [SERVER, ...args]).ready();
}

let open;
let locked;

const checks = [
  ['starts', async () => {
    open = await start();
    locked = await start('--password', 'pässword');
  }],
  ['without a password: everything passes', async () => {
    const { code, lines } = await conform(open.url);
    assert.deepStrictEqual(named(lines, 'FAIL'), [], lines.join('\n'));
    assert.deepStrictEqual(named(lines, 'SKIP'), []);
    assert.deepStrictEqual(named(lines, 'N/A'), ['password-wrong', 'password-missing']);
    assert.strictEqual(lines.at(-1), 'RESULT pass=27 fail=0 skip=0 na=2');
    assert.strictEqual(code, 0);
  }, CONFORM_MS],
  ['with a password: everything passes', async () => {
    const { code, lines } = await conform(locked.url, '--password', 'pässword');
    assert.deepStrictEqual(named(lines, 'FAIL'), [], lines.join('\n'));
    assert.deepStrictEqual(named(lines, 'SKIP'), []);
    assert.deepStrictEqual(named(lines, 'N/A'), ['password-unneeded']);
    assert.strictEqual(lines.at(-1), 'RESULT pass=28 fail=0 skip=0 na=1');
    assert.strictEqual(code, 0);
  }, CONFORM_MS],
  ['a wrong password or none: exit 2, nothing judged', async () => {
    for (const args of [[], ['--password', 'other']]) {
      assert.deepStrictEqual(await conform(locked.url, ...args), { code: 2, lines: [] });
    }
  }],
  ['the servers live on', async () => {
    assert.strictEqual(await open.stop(), 0);
    assert.strictEqual(await locked.stop(), 0);
  }],
];

run(checks);
