import { createHash, X509Certificate } from 'node:crypto';

import { ScriptThrow } from '@enclos/script';

import type { Extension } from '../../session/extension.ts';
import { decodeInPieces, encodeInPieces } from '../../session/pieces.ts';
import { messageOf, needBytes, needText } from '../../session/values.ts';

const maxCertificateLength = 65_536;

const prelude = `
const decode = (buffer) => {
  try { return host.convertersDecode(buffer); } catch (error) { throw explain(error, noBuffer, buffer); }
};
ccf.strToBuf = function strToBuf(...given) {
  if (given.length !== 1) count(given.length, 1, 1);
  const text = given[0];
  if (typeof text !== 'string') throw new TypeFailure('Argument must be a string');
  return host.convertersEncode(text);
};
ccf.bufToStr = function bufToStr(...given) {
  if (given.length !== 1) count(given.length, 1, 1);
  return decode(given[0]);
};
ccf.jsonCompatibleToBuf = function jsonCompatibleToBuf(...given) {
  if (given.length !== 1) count(given.length, 1, 1);
  const text = stringify(given[0]);
  if (typeof text !== 'string') throw new TypeFailure('Argument must be a string');
  return host.convertersEncode(text);
};
ccf.bufToJsonCompatible = function bufToJsonCompatible(...given) {
  if (given.length !== 1) count(given.length, 1, 1);
  return parse(decode(given[0]));
};
let untrustedTime = false;
ccf.enableUntrustedDateTime = function enableUntrustedDateTime(enable) {
  count(arguments.length, 1, 1);
  if (typeof enable !== 'boolean') throw new TypeFailure('First argument must be a boolean');
  const previous = untrustedTime;
  untrustedTime = enable;
  return previous;
};
ccf.enableMetricsLogging = function enableMetricsLogging(enable) {
  count(arguments.length, 1, 1);
  if (typeof enable !== 'boolean') throw new TypeFailure('First argument must be a boolean');
  return host.convertersLogMetrics(enable);
};
ccf.pemToId = function pemToId(pem) {
  count(arguments.length, 1, 1);
  return internally(host.convertersPemToId, [textOf(pem)]);
};
`;

/** Text, JSON and bytes; ids of certificates. */
export const converters: Extension = {
  prelude,
  host: (session) => ({
    convertersEncode: (text) => encodeInPieces(needText(text), session.checkTime),
    // Bytes that are not UTF-8 are replaced, as in CCF: applications keep bytes of strangers in tables.
    convertersDecode: (bytes) => decodeInPieces(needBytes(bytes), session.checkTime),
    convertersLogMetrics: (enable) => session.logMetrics(enable === true),
    convertersPemToId: (pem) => idOf(needText(pem)),
  }),
};

/** Members and users are named by the digest of their certificates (CCF, `pemToId`). */
function idOf(pem: string): string {
  try {
    if (pem.length > maxCertificateLength) throw new Error(`a certificate has at most ${maxCertificateLength} bytes`);
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
  } catch (error) {
    throw new ScriptThrow('Error', `Failed to parse PEM: ${messageOf(error)}`);
  }
}
