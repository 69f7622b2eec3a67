// node_client.js — the official Node client behind promises and inboxes.
// Fails:  methods reject with the client's error; its `status` is the server's reply status.
'use strict';

const vsoa = require('vsoa');
const { Inbox, within } = require('./harness');
const { TYPE } = require('./packet');

// The official client gives up when its own process is late by 100 ms; a busy machine is.
const SEND_TIMEOUT_MS = 30000;

class NodeClient {
  constructor(options = {}) {
    this.client = new vsoa.Client(options);
    this.client.sendTimeout(SEND_TIMEOUT_MS);
    this.messages = new Inbox('publish');
    this.datagrams = new Inbox('datagram');
    this.errors = new Inbox('error of the client');
    this.client.on('message', (url, payload, quick) => {
      this.messages.push({ url, ...payload, quick: !!quick });
    });
    this.client.on('datagram', (url, payload, quick) => {
      this.datagrams.push({ url, ...payload, quick: !!quick });
    });
    this.client.on('error', (error) => this.errors.push(error));
    // What QOSSETUP packets bring; the client applies it all the same, and has no event for it.
    this.priorities = [];
    const receive = this.client._recv;
    this.client._recv = (header, ...rest) => {
      if (header.type === TYPE.qossetup) this.priorities.push(header.status);
      return receive.call(this.client, header, ...rest);
    };
  }

  // Answers the server's information.
  connect(url) {
    const connected = new Promise((resolve, reject) => {
      this.client.connect(url, (error, info) => (error ? reject(error) : resolve(info)));
    });
    return within(connected, 'connect()');
  }

  // When the server has ended the TCP connection: the official client has no event for that.
  closedByServer() {
    const socket = this.client._net;
    const closed = new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once('close', resolve);
    });
    return within(closed, 'the close');
  }

  socket() {
    return this.client._net;
  }

  id() {
    return this.client._cid;
  }

  subscribe(url) {
    return this.request('subscribe', url);
  }

  unsubscribe(url) {
    return this.request('unsubscribe', url);
  }

  ping() {
    return this.request('ping');
  }

  request(method, ...args) {
    const done = new Promise((resolve, reject) => {
      this.client[method](...args, (error) => (error ? reject(error) : resolve()));
    });
    return within(done, method);
  }

  // Answers { param, data, ... }.
  async call(url, options, payload) {
    return (await within(this.client.fetch(url, options, payload), `call of ${url}`)).payload;
  }

  // The status of a call that must be refused.
  async refusal(url, options, payload) {
    const refused = await this.call(url, options, payload).then(() => null, (error) => error);
    if (refused === null) throw new Error(`the call of ${url} was accepted`);
    if (refused.status === undefined) throw refused;
    return refused;
  }

  datagram(url, payload = {}, quick = false) {
    this.client.datagram(url, payload, quick);
  }

  close() {
    this.client.close();
  }
}

async function connected(url, options) {
  const client = new NodeClient(options);
  await client.connect(url);
  return client;
}

module.exports = { NodeClient, connected, vsoa };
