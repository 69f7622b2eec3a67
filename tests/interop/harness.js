// harness.js — runs checks one after the other and prints PASS or FAIL for each.
// Bound:  a check has 20 s unless it says more, waits inside it 10 s; programs started here die with
//         the script.
// Fails:  a check fails by throwing. The exit code is 0 only if run() came to its end without FAIL.
'use strict';

const assert = require('assert');
const fs = require('fs');
const path = require('path');
const readline = require('readline');
const { spawn } = require('child_process');

const CHECK_MS = 20000;
const WAIT_MS = 10000;

// Scripts can be run alone: without a variable it is the release build. Whether it is there is asked
// when a script uses it.
const BUILD = path.resolve(__dirname, '../../build/release');

function built(variable, file) {
  const program = path.resolve(process.env[variable] || path.join(BUILD, file));
  const hint = 'cmake --preset release && cmake --build --preset release';
  assert(fs.existsSync(program), `no program ${program} (${variable}): ${hint}`);
  return program;
}

const ringroad = () => built('RINGROAD_PROGRAM', 'ringroad');
const interopPeer = () => built('RINGROAD_INTEROP_PEER', 'tests/interop/interop_peer');

const programs = new Set();
process.exitCode = 1; // until run() has come to its end
process.on('exit', () => programs.forEach((program) => program.child.kill('SIGKILL')));
process.on('SIGTERM', () => process.exit(124));

// The promise, or an error that names what was not there in time.
function within(promise, what, limit_ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not in ${limit_ms} ms`)), limit_ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// Asks until `condition` answers something truthy, and returns that.
async function until(condition, what, limit_ms = WAIT_MS) {
  const deadline = Date.now() + limit_ms;
  while (Date.now() < deadline) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`${what}: not in ${limit_ms} ms`);
}

// A queue of what came; next() waits.
class Inbox {
  constructor(what) {
    this.what = what;
    this.items = [];
    this.waiting = [];
  }

  push(item) {
    const waiter = this.waiting.shift();
    if (waiter) waiter(item);
    else this.items.push(item);
  }

  next() {
    if (this.items.length > 0) return Promise.resolve(this.items.shift());
    let waiter;
    const item = new Promise((resolve) => this.waiting.push((waiter = resolve)));
    return within(item, `next ${this.what}`).catch((error) => {
      this.waiting = this.waiting.filter((other) => other !== waiter);
      throw error;
    });
  }

  async nextMatching(matches) {
    for (;;) {
      const item = await this.next();
      if (matches(item)) return item;
    }
  }
}

// A program that prints "serving vsoa://ADDRESS" when it is ready.
class Program {
  constructor(file, args) {
    this.child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.lines = new Inbox('line of ' + path.basename(file));
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => resolve(error.message));
      this.child.on('close', (code, signal) => resolve(signal || code));
    });
    readline.createInterface({ input: this.child.stdout }).on('line', (l) => this.lines.push(l));
    programs.add(this);
  }

  async ready() {
    const ended = this.ended.then((code) => assert.fail(`ended with ${code} before it served`));
    const line = await Promise.race([this.lines.next(), ended]);
    const match = /^serving (vsoa:\/\/\S+)/.exec(line);
    assert(match, `first line: ${line}`);
    this.url = match[1];
    return this;
  }

  // SIGTERM; answers the exit code.
  async stop() {
    this.child.kill('SIGTERM');
    const code = await within(this.ended, 'the end after SIGTERM');
    programs.delete(this);
    return code;
  }
}

async function serve(...args) {
  return new Program(ringroad(), ['serve', '--listen', '127.0.0.1:0', ...args]).ready();
}

async function peerServer(...args) {
  return new Program(interopPeer(), ['server', ...args]).ready();
}

// checks: [name, async function, limit in ms if not CHECK_MS]. Ids in names are those of
// docs/WIRE.md. The first check starts what the others need: without it they are not tried.
async function run(checks) {
  const script = path.basename(process.argv[1], '.js');
  let passed = 0;
  let failed = 0;
  for (const [name, body, limit_ms = CHECK_MS] of checks) {
    try {
      await within(body(), 'the check', limit_ms);
      console.log(`PASS ${script}: ${name}`);
      passed++;
    } catch (error) {
      failed++;
      console.log(`FAIL ${script}: ${name}: ${String(error.message).replace(/\s+/g, ' ')}`);
      if (error.stack) console.error(error.stack);
      if (passed === 0) break;
    }
  }
  process.exit(failed > 0 ? 1 : 0);
}

module.exports = { Inbox, Program, interopPeer, peerServer, ringroad, run, serve, until, within };
