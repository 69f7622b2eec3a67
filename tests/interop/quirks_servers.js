// Property: `ringroad conform`, and so our client, gets along with servers of every kind, does
//           nothing that one of them does not survive, and names what a kind cannot do.
// Method: scripted servers with the quirks of docs/WIRE.md; the verdicts that are not PASS are
//         listed here, and nothing else may be.
'use strict';

const assert = require('assert');
const { spawn } = require('child_process');
const { ringroad, run, within } = require('./harness');
const { CONFORM_MS, conform } = require('./conform_run');
const { kinds } = require('./quirks/kinds');
const { ScriptedServer } = require('./quirks/scripted_server');

const CHECKS = 32;
const PASSWORD = 'pw';

async function judged(kind, password) {
  const server = await new ScriptedServer(kinds[kind], password).start();
  const result = await conform(server.url, ...(password ? ['--password', password] : []));
  server.stop();
  assert.deepStrictEqual(server.faults, []);
  assert.strictEqual(result.lines.length, CHECKS + 1, result.lines.join('\n'));
  return result;
}

async function expectVerdicts(kind, password, { FAIL = [], SKIP = [], NA = [] }) {
  const result = await judged(kind, password);
  const others = result.lines.filter((line) => !line.startsWith('PASS')).join('\n');
  assert.deepStrictEqual(result.FAIL, FAIL, others);
  assert.deepStrictEqual(result.SKIP, [...SKIP, ...NO_STREAMS], others);
  const passwords = password ? ['password-unneeded'] : ['password-wrong', 'password-missing'];
  assert.deepStrictEqual(result['N/A'], [...passwords, ...NA], others);
  assert.strictEqual(result.code, FAIL.length > 0 ? 1 : 0);
  return result;
}

const NO_STREAMS = ['stream-get', 'stream-put']; // the scripted servers have none

// C4, D14: what such servers do not do as documented.
const PYTHON = { FAIL: ['unsub-empty'], SKIP: ['wildcard'] };
// C6, D14: cannot be judged there; D8: the prefix is refused.
const GO = { SKIP: ['subscribe-prefix'], NA: ['error-status', 'unsub-empty'] };

// Exit code of the program.
async function codeOf(...args) {
  const child = spawn(ringroad(), args, { stdio: 'ignore' });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  const ended = new Promise((resolve) => child.on('close', resolve));
  const code = await within(ended, args[0]);
  process.off('exit', kill);
  return code;
}

// What users type; nothing of it may break a rule, and each gets its answer.
async function expectCommandsStrict(kind, password) {
  const server = await new ScriptedServer(kinds[kind], password).start();
  const access = password ? ['--password', password] : [];
  const commands = [
    ['ping', server.url, '--count', '2', '--interval', '0.01'],
    ['call', `${server.url}/echo`, '--set', '--param', '{"a":1}', '--data', 'abc'],
    ['sub', server.url, '/tick', '/qtick', '--count', '4'],
    ['send', `${server.url}/sent`, '--param', '{"a":1}'],
    ['send', `${server.url}/sent`, '--quick', '--data', 'abc'],
  ];
  for (const [command, ...args] of commands) {
    const code = await codeOf(command, ...args, ...access);
    assert.deepStrictEqual([kind, command, code], [kind, command, 0]);
  }
  server.stop();
  assert.deepStrictEqual([kind, server.faults], [kind, []]);
}

const checks = [
  ['starts: a server without quirks passes', () => expectVerdicts('plain', '', {}), CONFORM_MS],
  ['a server without quirks, with a password', () => expectVerdicts('plain', PASSWORD, {}),
    CONFORM_MS],
  ['A6 A15 B3 B6 C4 C9 D14 F5 F6 a server like the Python one', async () => {
    const { lines } = await expectVerdicts('python', '', PYTHON);
    assert(lines[0].startsWith('PASS connect client id 0,'), lines[0]);
  }, CONFORM_MS],
  ['B6 the same with a password', () => expectVerdicts('python', PASSWORD, PYTHON), CONFORM_MS],
  ['A4 A7 B1 B10 B12 C1 C6 C7 D2 D7 D8 D9 E2 E8 E11 F3 a server like the Go one',
    () => expectVerdicts('go', '', GO), CONFORM_MS],
  ['B7 the same with a password', () => expectVerdicts('go', PASSWORD, GO), CONFORM_MS],
  ['A15 B2 B4 C4 D14 a server like the independent Go port, with another UDP port',
    () => expectVerdicts('wyf', '', PYTHON), CONFORM_MS],
  ['ping, call, sub, send: every kind serves them', async () => {
    for (const kind of Object.keys(kinds)) {
      await expectCommandsStrict(kind, '');
      await expectCommandsStrict(kind, PASSWORD);
    }
  }],
];

run(checks);
