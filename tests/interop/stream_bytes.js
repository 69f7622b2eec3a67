// stream_bytes.js — the bytes of the playground's streams, and zlib's CRC-32.
'use strict';

const PLAYGROUND_BYTES = 1048576;

// Byte i is (i * 7 + (i >> 8)) & 0xff.
function bytesOf(size) {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

const TABLE = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes, before = 0) {
  let value = ~before;
  for (const byte of bytes) value = TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}

module.exports = { PLAYGROUND_BYTES, bytesOf, crc32 };
