// strict.js — the rows of docs/WIRE.md that a packet of a client breaks, whatever server gets it.
// Why here: some server does not survive each of them, so ours must find none in our client.
'use strict';

const { REPLY, TUNNEL, TYPE } = require('../packet');
const { json } = require('./kinds');

const SET = 0x04;
const RESERVED = 0x38;

const of = (...types) => ({ type }) => types.includes(type);
const isCall = of(TYPE.rpc);
const isSubscribe = of(TYPE.subscribe);
const namesTopics = of(TYPE.subscribe, TYPE.unsubscribe);
const hasUrl = of(TYPE.rpc, TYPE.datagram);

const list = ({ url, param }) => (url === '' && param !== '' ? json(param) : undefined);

const ROWS = {
  A4: ({ total }) => total % 4 !== 0,
  A6: ({ pad }) => pad.some((byte) => byte !== 0),
  A7: ({ flags }) => (flags & RESERVED) !== 0,
  A8: ({ flags, tunnel }) => (flags & TUNNEL) === 0 && tunnel !== 0,
  A12: ({ url }) => url.includes('\ufffd'),
  A13: ({ param }) => param !== '' && json(param) === undefined,
  C1: ({ type, flags }) => type !== TYPE.servinfo && (flags & TUNNEL) !== 0,
  C2: (packet) => hasUrl(packet) && !packet.url.startsWith('/'), // and E1
  C8: ({ flags }) => (flags & REPLY) !== 0, // and E6
  C12: ({ status }) => status !== 0,
  D1: (packet) => isSubscribe(packet) && packet.url === '' && packet.param === '',
  D3: (packet) => namesTopics(packet) && (list(packet) || []).some(
    (topic) => typeof topic !== 'string' || !topic.startsWith('/')),
  D4: (packet) => namesTopics(packet) && (list(packet) || ['']).length === 0, // and D15
  D5: (packet) => namesTopics(packet) && packet.url !== '' && packet.param !== '',
  D6: (packet) => namesTopics(packet) && packet.url !== '' && !packet.url.startsWith('/'),
  F4: ({ type }) => !Object.values(TYPE).includes(type) || type === TYPE.publish,
  SET: (packet) => !isCall(packet) && (packet.flags & SET) !== 0,
};

const rowsBroken = (packet) => Object.keys(ROWS).filter((row) => ROWS[row](packet));

module.exports = { rowsBroken };
