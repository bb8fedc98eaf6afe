// An SMSC with phones behind it, on the package `smpp`: told what to do by a line of JSON each, and tells likewise.
//
//   node smsc.js FOLDER-OF-PACKAGES PORT
//
// {"deliver": {…}}  hands a PDU to who is bound       {"answer": {"status": n}}  what the next messages are answered
// {"drop": true}    breaks every connection           {"admit": n}               what binds are answered
'use strict';
const smpp = require(require('path').join(process.argv[2], 'smpp'));
const sessions = new Set();
let admit = 0, answers = [], ids = 0;

const tell = (what) => process.stdout.write(JSON.stringify(what) + '\n');
const plain = (pdu) => {
  const text = pdu.short_message && pdu.short_message.message;
  const info = pdu.its_session_info;
  return {
    command: pdu.command, status: pdu.command_status, source: pdu.source_addr, destination: pdu.destination_addr,
    text: Buffer.isBuffer(text) ? text.toString('hex') : text, udh: pdu.short_message && pdu.short_message.udh
      ? Buffer.concat([].concat(pdu.short_message.udh)).toString('hex') : null,
    coding: pdu.data_coding, esm_class: pdu.esm_class, registered: pdu.registered_delivery,
    service_type: pdu.service_type, op: pdu.ussd_service_op, info: info ? info.toString('hex') : null,
    system_id: pdu.system_id, password: pdu.password, version: pdu.interface_version,
  };
};

const server = smpp.createServer((session) => {
  const bind = (pdu) => {
    tell(plain(pdu));
    session.send(pdu.response({command_status: admit, system_id: 'node'}));
    if (admit) { session.close(); } else { sessions.add(session); tell({bound: sessions.size}); }
  };
  session.on('bind_transceiver', bind);
  session.on('bind_transmitter', bind);
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => { tell(plain(pdu)); session.send(pdu.response()); session.close(); });
  session.on('submit_sm', (pdu) => {
    const status = answers.length ? answers.shift() : 0;
    const id = status ? '' : (++ids).toString(16).toUpperCase().padStart(8, '0');
    session.send(pdu.response({command_status: status, message_id: id}));
    tell(Object.assign(plain(pdu), {answered: status, id}));
  });
  session.on('close', () => { sessions.delete(session); tell({closed: sessions.size}); });
  session.on('error', () => session.close());
});

const deliver = (fields) => {
  const given = Object.assign({}, fields);
  if (given.its_session_info) { given.its_session_info = Buffer.from(given.its_session_info, 'hex'); }
  if (given.message_hex) { given.short_message = Buffer.from(given.message_hex, 'hex'); delete given.message_hex; }
  const [session] = [...sessions].slice(-1);
  session.deliver_sm(given, (pdu) => tell(plain(pdu)));
};

require('readline').createInterface({input: process.stdin}).on('line', (line) => {
  const asked = JSON.parse(line);
  if (asked.deliver) { deliver(asked.deliver); }
  if (asked.answer) { answers.push(asked.answer.status); }
  if ('admit' in asked) { admit = asked.admit; }
  if (asked.drop) { for (const session of sessions) { session.destroy(); } }
}).on('close', () => process.exit(0));

server.listen(Number(process.argv[3]), '127.0.0.1', () => tell({listens: true}));
