// kinds.js — how the servers that exist differ, as traits of one scripted server (scripted_server.js).
// Row ids are those of docs/WIRE.md. A trait that is not named has the value of `plain`.
'use strict';

const STATUS = { success: 0, password: 1, arguments: 2, invalidUrl: 3 };

// JSON text as a kind writes it back.
const compact = (text) => JSON.stringify(JSON.parse(text));
const ascii = (text) => compact(text).replace(/[^\0-\x7e]/g, (c) =>
  '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
const sortedKeys = (value) => {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, sortedKeys(value[key])]));
};
const goMarshal = (text) => JSON.stringify(sortedKeys(JSON.parse(text)))
  .replace(/[<>&\u2028]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));

// The URL of a wildcard call, or null where the kind answers status 3; 'exit' ends the server.
const documentedWild = (url) => /^\/wild(\/|$)/.test(url);
const pythonWild = (url) => (url === '/wild/' ? 'exit' : url.startsWith('/wild//'));

const plain = {
  firstId: 1, // B3
  mirrors: false, // B1, C1, A7
  quickPort: 'same', // B2, B4: 'other' sends six bytes
  afterWrongPassword: 'close', // B6: or 'open'
  afterMissingPassword: 'status', // B7: or 'no reply flag'
  accepts: () => true, // what the server does not go deaf at (A4, A5)
  pad: 0, // A6: the value of pad bytes
  echo: (text) => text,
  handlerStatus: (status) => status, // C6
  wild: documentedWild, // C4
  delay: () => 0, // C7: ms before a reply
  takesLists: true, // D2
  topics: null, // D7: null = every topic may be subscribed
  emptyUnsubscribe: 'all', // D14: or 'refused', or 'only /'
  sendsDatagrams: true, // E11
  quickBytesMax: 65507, // E8: one more ends its quick channel
  findsBy: 'id', // E2: or 'port'
  chatter: false, // C9, F6: sends what nobody asked for
};

const dropsScalars = (text) => (/^\s*[[{"]/.test(text) ? ascii(text) : ''); // A15

const kinds = {
  plain,
  python: {
    ...plain,
    firstId: 0,
    afterWrongPassword: 'open',
    pad: 0xaa,
    echo: dropsScalars,
    wild: pythonWild,
    emptyUnsubscribe: 'refused',
    chatter: true,
  },
  go: {
    ...plain,
    mirrors: true,
    afterWrongPassword: 'open',
    afterMissingPassword: 'no reply flag',
    accepts: (packet) => packet.total % 4 === 0,
    handlerStatus: () => STATUS.success,
    delay: () => Math.random() * 5,
    takesLists: false,
    topics: ['/tick', '/qtick', '/fleet/1/pos', '/fleet/2/pos', '/fleet/3/pos'],
    emptyUnsubscribe: 'only /',
    sendsDatagrams: false,
    quickBytesMax: 1024,
    findsBy: 'port',
  },
  wyf: {
    ...plain,
    quickPort: 'other',
    echo: goMarshal,
    wild: (url) => url.startsWith('/wild//'),
    emptyUnsubscribe: 'refused',
  },
};

module.exports = { STATUS, kinds };
