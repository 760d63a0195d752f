// packages/ground/errors/src/inside/summaries.ts is written from the error registry: of each code that can
// be raised or can arrive inside an enclave its kind and summary, and no more.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { throwersOf } from './error-pages.mjs';

const path = 'packages/ground/errors/src/inside/summaries.ts';

/** The packages that an enclave can hold. */
const insidePackages = [
  'ground/codec',
  'model/edl',
  'model/gate',
  'model/manifest',
  'model/sgx',
  'evidence/attestation',
  'runtime/enclave',
  'runtime/tee',
];
/** What few enclaves hold or none, in packages of which any may hold the rest: errors of HTTP and of the client bring their entries. */
const outside =
  /^packages\/(?:runtime\/tee\/src\/gramine-host|runtime\/enclave\/src\/http|evidence\/attestation\/src\/client)\//;
/** What the platform may raise at an enclave: the failures of what it serves there. */
const fromPlatform = /^(?:KEY|REPORT|QUOTE)_/;

const quoted = (text) => (text.includes("'") ? JSON.stringify(text) : `'${text}'`);

async function textOf(base) {
  const load = (file) => import(pathToFileURL(join(base, file)).href);
  const { errorRegistry } = await load('packages/ground/errors/dist/src/index.js');
  const { errorsFromHost } = await load('packages/runtime/tee/dist/src/gate-errors.js');
  const throwers = throwersOf(base, { without: outside });
  const raisedInside = (code) => insidePackages.some((name) => throwers.get(code)?.has(`packages/${name}`));
  const arrives = (code) => errorsFromHost.includes(code) || fromPlatform.test(code);
  const codes = Object.keys(errorRegistry).filter((code) => raisedInside(code) || arrives(code));
  const kinds = [...new Set(codes.map((code) => errorRegistry[code].kind))].toSorted((left, right) =>
    left < right ? -1 : 1,
  );
  const groups = kinds.map((kind) => {
    const lines = codes
      .filter((code) => errorRegistry[code].kind === kind)
      .map((code) => [`    ${code}:`, quoted(errorRegistry[code].summary)])
      .map(([name, text]) => (`${name} ${text},`.length > 120 ? `${name}\n      ${text},\n` : `${name} ${text},\n`));
    return `  ${kind}: {\n${lines.join('')}  },\n`;
  });
  return `/** Written by \`node tools/docs.mjs --write\` from the error registry. Do not edit by hand. */
export const summaries = {
${groups.join('')}} as const;
`;
}

/** Writes the file, or compares it; returns problems, one line each. */
export async function checkInsideRegistry(base, { write }) {
  const text = await textOf(base);
  const file = join(base, path);
  if (write) writeFileSync(file, text);
  return write || readFileSync(file, 'utf8') === text
    ? []
    : [`${path}: not what the registry says; run: node tools/docs.mjs --write`];
}
