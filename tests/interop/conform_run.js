// conform_run.js — runs `ringroad conform` and reads its lines.
'use strict';

const { spawn } = require('child_process');
const { ringroad, within } = require('./harness');

const CONFORM_MS = 40000; // its own promise

// Answers { code, lines, PASS: [names], FAIL: [names], SKIP: [names], 'N/A': [names] }.
async function conform(...args) {
  const child = spawn(ringroad(), ['conform', ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const kill = () => child.kill('SIGKILL');
  process.on('exit', kill);
  let text = '';
  child.stdout.on('data', (bytes) => (text += bytes));
  const ended = new Promise((resolve) => child.on('close', resolve));
  const code = await within(ended, 'the end of conform', CONFORM_MS);
  process.off('exit', kill);
  const lines = text.split('\n').filter((line) => line !== '');
  const named = (verdict) =>
    lines.filter((line) => line.startsWith(`${verdict} `)).map((line) => line.split(' ')[1]);
  const verdicts = ['PASS', 'FAIL', 'SKIP', 'N/A'].map((verdict) => [verdict, named(verdict)]);
  return { code, lines, ...Object.fromEntries(verdicts) };
}

module.exports = { CONFORM_MS, conform };
