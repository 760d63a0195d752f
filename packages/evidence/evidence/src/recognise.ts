import { utf8 } from '@enclos/codec';
import { findPemBlocks } from '@enclos/codec/pem';
import { evidenceForms } from './forms/index.ts';
import { attempt } from './recognise/attempt.ts';
import { carriedBy } from './recognise/attested-certificate.ts';
import { readBinaryWrapper } from './recognise/binary-forms.ts';
import { beginsLikeDer, describeCertificate, isRevocationList } from './recognise/certificate.ts';
import { readCwt } from './recognise/tokens/cwt.ts';
import { unknown, type Finding, type Inner } from './recognise/finding.ts';
import { asText, decodeText, isJwt, jsonMembers, readJson, readJwt, mostPemBlocks } from './recognise/text-forms.ts';

/** Evidence in a certificate in JSON in base64 takes four. */
const maximumDepth = 8;
/** A shorter text member is not evidence. */
const shortestCarrier = 64;

/**
 * Says what bytes are, by their content alone, and looks into whatever can
 * carry evidence. Verifies nothing and throws nothing: what it does not know is
 * `unknown`, with words for what it seems to be.
 */
export function recognise(bytes: Uint8Array): Finding {
  return recogniseBytes(bytes, 0);
}

function recogniseBytes(bytes: Uint8Array, depth: number): Finding {
  const quote = evidenceForms.quote.recognise({ bytes });
  if (quote !== undefined) return quote;
  if (beginsLikeDer(bytes)) return recogniseDer(bytes, depth);
  const cwt = readCwt(bytes);
  if (cwt !== undefined) return { form: 'cwt', ...cwt, inner: [] };
  const wrapper = readBinaryWrapper(bytes);
  if (wrapper !== undefined) {
    const { form, what, contents } = wrapper;
    const inner = contents.map(({ at, start, end }) => inside(at, bytes.subarray(start, end), depth));
    return { form, what, bytes, inner: depth < maximumDepth ? inner : [] };
  }
  const report = evidenceForms['snp-report'].recognise({ bytes });
  if (report !== undefined) return report;
  const text = asText(bytes);
  return text === undefined ? unknown(bytes) : recogniseText(text, bytes, depth);
}

function inside(at: string, bytes: Uint8Array, depth: number): Inner {
  return { at, found: depth < maximumDepth ? recogniseBytes(bytes, depth + 1) : unknown(bytes) };
}

function recogniseDer(der: Uint8Array, depth: number): Finding {
  const extensions = attempt(() => describeCertificate(der).extensions);
  if (extensions === undefined) {
    return isRevocationList(der) ? { form: 'revocation-list', der, inner: [] } : unknown(der);
  }
  const inner = extensions.flatMap((extension) => {
    const carried = carriedBy(extension);
    if (carried === undefined) return [];
    const { id } = extension;
    return [{ ...inside(`extension ${id}, ${carried.title}`, carried.evidence, depth), extension: id }];
  });
  return { form: 'certificate', der, inner };
}

function recogniseText(text: string, bytes: Uint8Array, depth: number): Finding {
  const blocks = findPemBlocks(text, mostPemBlocks);
  if (blocks.length > 0) return recognisePem(blocks, bytes, depth);
  if (/^[{["]/.test(text)) {
    const json = readJson(text);
    return json === undefined
      ? { form: 'unknown', what: 'text that begins like JSON and is not', inner: [] }
      : recogniseJson(json, text, depth);
  }
  if (isJwt(text)) {
    const token = readJwt(text);
    if (token !== undefined) return { form: 'jwt', ...token, inner: carriers(token.claims, depth) };
  }
  for (const { form, what, decoded } of decodeText(text)) {
    const { found } = inside('', decoded, depth);
    if (found.form !== 'unknown') return { form, what, bytes: decoded, inner: [{ at: what, found }] };
  }
  return unknown(bytes);
}

function recognisePem(blocks: readonly { readonly bytes: Uint8Array }[], bytes: Uint8Array, depth: number): Finding {
  const inner = blocks.map(({ bytes: content }) => inside('', content, depth));
  const [first] = inner;
  if (inner.every(({ found }) => found.form === 'unknown')) return unknown(bytes);
  if (inner.length === 1 && first !== undefined) return first.found;
  return { form: 'pem', what: `PEM with ${inner.length} blocks`, bytes, inner };
}

function recogniseJson(value: unknown, text: string, depth: number): Finding {
  const document = evidenceForms['azure-evidence'].recognise({ bytes: utf8(text), json: value });
  return document ?? { form: 'json', value, text, inner: carriers(value, depth) };
}

/** The members of a JSON value that carry something known. */
function carriers(value: unknown, depth: number): readonly Inner[] {
  if (depth >= maximumDepth) return [];
  return jsonMembers(value).flatMap(({ path, content }) => {
    const at = path === '' ? 'JSON text' : `member ${path}`;
    const bytes = typeof content === 'string' ? utf8(content) : content;
    if (bytes.length < shortestCarrier) return [];
    const { found } = inside(at, bytes, depth);
    return found.form === 'unknown' ? [] : [{ at, found }];
  });
}
