import { parseJson, string, JsonRecord } from '@enclos/codec/json';
import { fromBase64, fromHex, toHex } from '@enclos/codec';
import { beginsLikePem, fromPem, toPem } from '@enclos/codec/pem';
import { decodeUtf8 } from '@enclos/codec/text';
import { maximumCrlBytes } from '@enclos/codec/x509';
import { EnclosError } from '@enclos/errors';
import type { ItemContent } from './item.ts';
import { decodeChain, longestChain, maximumCertificateBytes, readEndorsementCertificate } from './certificates.ts';
import { orRefuseAnswer } from './refusal.ts';
import type { Route } from './source.ts';
import { maximumDocumentLength } from './signed-document.ts';

/** What came back for a route, status 200. */
export interface Answer {
  readonly header: (name: string) => string | undefined;
  readonly body: Uint8Array;
}

/** The most bytes that an answer of each form may have. A list in hex takes two for one. */
export const maximumAnswerBytes: Readonly<Record<Route['form'], number>> = Object.freeze({
  json: maximumDocumentLength,
  crl: 2 * maximumCrlBytes + 1024,
  pem: 65_536,
  certificate: 2 * maximumCertificateBytes,
  'azure-amd': 65_536,
});

/** A percent-encoded chain of four certificates is under 12 KiB. */
const longestHeader = 32_768;
const headerPattern = /^[A-Za-z0-9%\-_.~!*'()+/=]+$/;

/**
 * Brings an answer into the one form of its item. Any service in between may
 * have written it, so nothing is repaired.
 * @throws ENDORSEMENTS_ANSWER_INVALID
 */
export function readAnswer(item: string, { form, chainHeaders }: Route, answer: Answer): ItemContent {
  return orRefuseAnswer(item, () => {
    if (answer.body.length > maximumAnswerBytes[form]) throw new EnclosError('CODEC_OUT_OF_RANGE', 'too many bytes');
    const content = bodyReaders[form](answer.body);
    if (chainHeaders === undefined) return Object.freeze(content);
    const name = chainHeaders.find((candidate) => answer.header(candidate) !== undefined);
    const value = name === undefined ? undefined : answer.header(name);
    if (value === undefined) throw new EnclosError('CODEC_TRUNCATED', `there is no header ${chainHeaders[0]}`);
    return Object.freeze({ ...content, chain: decodeChainHeader(value) });
  });
}

/** PEM in a header is percent-encoded as in a URL; a plus is a plus. Two headers of one name have a comma between. */
export function decodeChainHeader(value: string): string {
  if (value.length > longestHeader || !headerPattern.test(value)) {
    throw new EnclosError('CODEC_INVALID', 'the header of the chain is not one percent-encoded text');
  }
  let text: string;
  try {
    text = decodeURIComponent(value);
  } catch (cause) {
    throw new EnclosError('CODEC_INVALID', 'the header of the chain is not percent-encoded', { cause });
  }
  return canonicalChain(text);
}

const bodyReaders: Readonly<Record<Route['form'], (body: Uint8Array) => ItemContent>> = {
  json: (body) => ({ body: decodeText(body) }),
  crl: (body) => ({ body: toHex(decodeCrl(body)) }),
  pem: (body) => ({ body: canonicalChain(decodeText(body)) }),
  certificate: (body) => ({ body: toPem('CERTIFICATE', decodeCertificate(body)) }),
  'azure-amd': readAzureAmd,
};

/** A revocation list in hex (PCCS), base64, PEM or DER (PCS): its bytes. @throws a CODEC error. */
export function decodeCrl(body: Uint8Array): Uint8Array {
  const list = isDer(body) ? body : decodeCrlText(decodeText(body).replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''));
  if (!isDer(list)) throw new EnclosError('CODEC_INVALID', 'not a revocation list in hex, base64, PEM or DER');
  return list;
}

function decodeCrlText(text: string): Uint8Array {
  if (beginsLikePem(text)) {
    const [list, ...others] = fromPem('X509 CRL', text, 2 * maximumCrlBytes);
    if (list === undefined || others.length > 0) throw new EnclosError('CODEC_INVALID', 'not one revocation list');
    return list;
  }
  // Base64 of DER begins with M, hex with 3: no text is both.
  return /^[0-9a-f]+$/i.test(text)
    ? fromHex(text)
    : fromBase64(text.replaceAll(/[\r\n]/g, ''), { maxBytes: maximumCrlBytes });
}

function decodeCertificate(body: Uint8Array): Uint8Array {
  if (isDer(body)) return body;
  const [certificate, ...others] = decodeChain(decodeText(body), 2);
  if (certificate === undefined || others.length > 0) throw new EnclosError('CODEC_INVALID', 'not one certificate');
  return certificate;
}

/** `http://169.254.169.254/metadata/THIM/amd/certification`. What it says of caching is its own business. */
function readAzureAmd(body: Uint8Array): ItemContent {
  const fields = new JsonRecord(parseJson(decodeText(body), maximumDocumentLength), 'certification');
  return {
    body: canonicalChain(fields.required('vcekCert', string(maximumDocumentLength))),
    chain: canonicalChain(fields.required('certificateChain', string(maximumDocumentLength))),
  };
}

/** The same certificates, written in one way. */
function canonicalChain(pem: string): string {
  const certificates = decodeChain(pem, longestChain).map(readEndorsementCertificate);
  return certificates.map(({ encoded }) => toPem('CERTIFICATE', encoded)).join('');
}

/** A SEQUENCE of more than 127 bytes; a text would have a character there. */
function isDer([first = 0, second = 0]: Uint8Array): boolean {
  return first === 0x30 && second >= 0x80;
}

function decodeText(body: Uint8Array): string {
  const text = decodeUtf8(body);
  if (text.includes('\0')) throw new EnclosError('CODEC_INVALID', 'the text has a NUL in it');
  return text;
}
