// kinds.js — how the servers that exist differ, as traits of one scripted server (scripted_server.js).
// Row ids are those of docs/WIRE.md. A trait that is not named has the value of `plain`, which is what
// a server should do. quirks_rows.js holds each row against the scripts.
'use strict';

const STATUS = { success: 0, password: 1, arguments: 2, invalidUrl: 3 };

// The value, or undefined if it is not JSON.
const json = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const escaped = (text, those) => text.replace(those, (c) =>
  '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
const sortedKeys = (value) => {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sortedKeys(value[key])]));
};

// How a param comes back. A13: what is not JSON stays as it is. A15: Python drops what is no object,
// array or string; the port drops null.
function pythonEcho(text) {
  const value = json(text);
  if (value === undefined) return text;
  const sent = typeof value === 'string' || (typeof value === 'object' && value !== null);
  return sent ? escaped(JSON.stringify(value), /[^\0-\x7e]/g) : '';
}

function wyfEcho(text) {
  const value = json(text);
  if (value === undefined) return text;
  return value === null ? '' : escaped(JSON.stringify(sortedKeys(value)), /[<>&\u2028]/g);
}

// C4: whether a call reaches the handler of /wild/; 'exit' ends the server.
const documentedWild = (url) => /^\/wild(\/|$)/.test(url);
const pythonWild = (url) => (url === '/wild/' ? 'exit' : url.startsWith('/wild//'));

// A4, A5: the official Go server reads no other packets.
const aligned = (packet) => packet.total % 4 === 0;

const plain = {
  // Framing.
  atBadFraming: 'close', // A1, A2: or 'reset', or 'deaf'
  takes: () => true, // A4, A5
  closesAtBadUrl: false, // A12
  pad: 0, // A6: the value of pad bytes
  mirrors: false, // A7, B1, C1: flags and tunnel id of requests
  needsTunnelFlag: true, // A8, B18

  // The log-in.
  firstId: 1, // B3
  otherQuickPort: false, // B2, B4: six bytes to those who announced a port
  fits: (given, password) => given === password, // B9
  afterWrongPassword: 'close', // B6: or 'open'
  noPassword: 'status', // B7, B8, B9: or 'no reply flag'
  beforeLogin: 'answer', // B10: or 'close'
  beforePassword: 'refuse and close', // B11: or 'refuse', 'answer', 'close'
  anyPacketLogsIn: false, // B11
  pipelining: 'answer', // B12: or 'deadlock'
  answersSecondLogin: true, // B13
  loginLimitMs: 5000, // B16: 0 = none

  // Calls.
  echo: (text) => text,
  badCallUrl: STATUS.arguments, // C2
  wild: documentedWild, // C4
  handlerStatus: (status) => status, // C6
  delay: () => 0, // C7: ms before a reply
  takesReplies: false, // C8, E6: as if they were requests
  chatter: false, // C9, F5, F6: sends what nobody asked for

  // Subscriptions.
  takesLists: true, // D2
  noGoodTopic: STATUS.arguments, // D3
  badTopic: STATUS.arguments, // D6, D18
  topics: null, // D7, D8, D10, D17: null = every topic may be subscribed
  quickNeedsExact: false, // D9, D21
  emptyUnsubscribe: 'all', // D14: or 'refused', or 'only /'

  // Datagrams.
  findsBy: 'id', // E2, E3: or 'port'
  refusesStrangers: false, // E4: by a DATAGRAM with status 1
  takesAnyQuickType: false, // E5
  needsNoPad: true, // A11
  junkEndsQuick: false, // E7, E8, A11
  quickBytesMax: 65507, // E8
  sendsDatagrams: true, // E11

  // The rest.
  refusesUnknownTypes: false, // F3, F4
  takesPublishes: false, // F4: as datagrams
  atEof: 'close', // F7: or 'reset', or 'nothing'
};

const kinds = {
  plain,
  python: {
    ...plain,
    atBadFraming: 'reset',
    closesAtBadUrl: true,
    pad: 0xaa,
    firstId: 0,
    afterWrongPassword: 'open',
    beforePassword: 'refuse',
    anyPacketLogsIn: true,
    echo: pythonEcho,
    wild: pythonWild,
    chatter: true,
    noGoodTopic: STATUS.success,
    emptyUnsubscribe: 'refused',
    refusesStrangers: true,
    atEof: 'reset',
  },
  go: {
    ...plain,
    atBadFraming: 'deaf',
    takes: aligned,
    mirrors: true,
    needsTunnelFlag: false,
    afterWrongPassword: 'open',
    noPassword: 'no reply flag',
    beforeLogin: 'close',
    beforePassword: 'close',
    pipelining: 'deadlock',
    loginLimitMs: 0,
    badCallUrl: STATUS.invalidUrl,
    handlerStatus: () => STATUS.success,
    delay: () => Math.random() * 5,
    takesReplies: true,
    takesLists: false,
    badTopic: STATUS.invalidUrl,
    topics: ['/tick', '/qtick', '/fleet/1/pos', '/fleet/2/pos', '/fleet/3/pos'],
    quickNeedsExact: true,
    emptyUnsubscribe: 'only /',
    findsBy: 'port',
    takesAnyQuickType: true,
    junkEndsQuick: true,
    quickBytesMax: 1024,
    sendsDatagrams: false,
    refusesUnknownTypes: true,
    takesPublishes: true,
    atEof: 'nothing',
  },
  wyf: {
    ...plain,
    otherQuickPort: true,
    fits: (given, password) => given !== undefined && String(given) === password,
    beforePassword: 'answer',
    answersSecondLogin: false,
    loginLimitMs: 0,
    echo: wyfEcho,
    needsNoPad: false,
    badCallUrl: STATUS.invalidUrl,
    wild: (url) => url.startsWith('/wild//'),
    noGoodTopic: STATUS.success,
    emptyUnsubscribe: 'refused',
  },
};

module.exports = { STATUS, json, kinds };
