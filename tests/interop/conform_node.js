// Property: `ringroad conform` finds nothing wrong with the official Node server, and judges no
//           server that it cannot log in to.
// Method: node_playground.js with and without a password; each line of conform becomes a check.
'use strict';

const assert = require('assert');
const path = require('path');
const { CONFORM_MS, conform } = require('./conform_run');
const { Program, run } = require('./harness');

const SERVER = path.join(__dirname, 'node_playground.js');

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
    const result = await conform(open.url);
    assert.deepStrictEqual(result.FAIL, [], result.lines.join('\n'));
    assert.deepStrictEqual(result.SKIP, []);
    assert.deepStrictEqual(result['N/A'], ['password-wrong', 'password-missing']);
    assert.strictEqual(result.lines.at(-1), 'RESULT pass=30 fail=0 skip=0 na=2');
    assert.strictEqual(result.code, 0);
  }, CONFORM_MS],
  ['with a password: everything passes', async () => {
    const result = await conform(locked.url, '--password', 'pässword');
    assert.deepStrictEqual(result.FAIL, [], result.lines.join('\n'));
    assert.deepStrictEqual(result.SKIP, []);
    assert.deepStrictEqual(result['N/A'], ['password-unneeded']);
    assert.strictEqual(result.lines.at(-1), 'RESULT pass=31 fail=0 skip=0 na=1');
    assert.strictEqual(result.code, 0);
  }, CONFORM_MS],
  ['a wrong password or none: exit 2, nothing judged', async () => {
    for (const args of [[], ['--password', 'other']]) {
      const { code, lines } = await conform(locked.url, ...args);
      assert.deepStrictEqual([code, lines], [2, []]);
    }
  }],
  ['the servers live on', async () => {
    assert.strictEqual(await open.stop(), 0);
    assert.strictEqual(await locked.stop(), 0);
  }],
];

run(checks);
