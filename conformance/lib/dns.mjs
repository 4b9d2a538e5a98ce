// dns.mjs: a DNS server for the records of an organization's domain (RFC 1035 §4, TXT only).

import { createSocket } from 'node:dgram';

/** serveDNS answers TXT questions by `records`, a name to its text, and says of every other name that there is none. */
export async function serveDNS(records) {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => socket.send(answer(question, records), from.port, from.address));
  await new Promise((resolve, reject) => socket.once('error', reject).bind(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: () => new Promise((resolve) => socket.close(resolve)),
  };
}

function answer(question, records) {
  const labels = [];
  let at = 12;
  for (let length; (length = question[at]) > 0; at += length + 1) labels.push(question.toString('ascii', at + 1, at + 1 + length));
  const asked = question.subarray(12, at + 5); // name, type and class
  const text = records[labels.join('.').toLowerCase()];
  const header = Buffer.alloc(12);
  question.copy(header, 0, 0, 2); // the id
  header.writeUInt16BE(text ? 0x8400 : 0x8403, 2); // an authoritative answer: fine, or no such name
  header.writeUInt16BE(1, 4);
  if (!text) return Buffer.concat([header, asked]);
  header.writeUInt16BE(1, 6);
  const record = Buffer.alloc(13 + text.length);
  record.writeUInt16BE(0xc00c, 0); // the name of the question
  record.writeUInt16BE(16, 2); // TXT
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(1, 6);
  record.writeUInt16BE(text.length + 1, 10);
  record.writeUInt8(text.length, 12);
  record.write(text, 13, 'ascii');
  return Buffer.concat([header, asked, record]);
}
