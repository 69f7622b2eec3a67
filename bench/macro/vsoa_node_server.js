// vsoa_node_server.js — the official Node server (npm package vsoa) as a pure fan-out: every datagram
// it gets is published. Usage: node vsoa_node_server.js [--version]
// The package is that of tests/interop.
'use strict';

const path = require('path');

const folder = path.join(__dirname, '../../tests/interop');
const find = (name) => require.resolve(name, { paths: [folder] });
const vsoa = require(find('vsoa'));
const ADDRESS = '127.0.0.1';

function serve() {
  const server = new vsoa.Server({ info: { name: 'fan-out' } });
  server.sendTimeout(0); // a subscriber may be behind as long as it likes
  server.ondata = (client, url, payload, quick) => server.publish(url, payload, quick);
  server.start({ domain: vsoa.AF_INET, addr: ADDRESS, port: 0 }, (error) => {
    if (error) throw error;
    console.log(`serving vsoa://${ADDRESS}:${server.address().port} with the official Node package`);
  });
}

if (process.argv[2] === '--version') {
  console.log(`npm vsoa ${require(find('vsoa/package.json')).version}, node ${process.version}`);
} else {
  serve();
}
