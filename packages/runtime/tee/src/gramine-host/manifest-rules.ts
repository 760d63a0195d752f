import { toHex } from '@enclos/codec';
import { EnclosError } from '@enclos/errors';
import type { GramineManifestSettings, TrustedFile } from './manifest-settings.ts';

/** Gramine's own helpers (IPC, timers, handshakes) and Node's eleven threads, with little to spare. */
const minThreads = 16;
const maxThreads = 1024;
const minEnclaveBytes = 512 * 1024 * 1024;
const maxEnclaveBytes = 2 ** 40;
const maxItems = 4096;
/** Variables by which the host could choose what the process loads, runs or trusts. */
const forbiddenNames = /^(?:LD_|NODE_|OPENSSL_|SSL_|GLIBC_|GCONV_PATH$|MALLOC_|LOCPATH$|RES_OPTIONS$|HOSTALIASES$|UV_)/;
const namePattern = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

function refuse(message: string): never {
  throw new EnclosError('TEE_MANIFEST_INVALID', message);
}

function requireWhole(name: string, value: number, from: number, to: number): void {
  if (Number.isSafeInteger(value) && value >= from && value <= to) return;
  refuse(`${name} is a whole number from ${from} to ${to}.`);
}

/** A path that two readers could understand differently is refused. */
function requirePath(name: string, path: string): void {
  const segments = path.split('/').slice(1);
  const plain = segments.length > 0 && segments.every((part) => part !== '' && part !== '.' && part !== '..');
  if (path.startsWith('/') && plain && path.length <= 4096 && !/[\p{Cc}\p{Cs}]/u.test(path)) return;
  refuse(`${name}: ${JSON.stringify(path)} is not a normal absolute path of a file.`);
}

function requireFile(name: string, { path, sha256 }: TrustedFile): void {
  requirePath(name, path);
  if (sha256.length !== 32) refuse(`${name}: the SHA-256 of ${path} is ${toHex(sha256)}, not of 32 bytes.`);
}

function requireEnvironment({ environment = [], environmentFromHost = [] }: GramineManifestSettings): void {
  const names = [...environment.map(({ name }) => name), ...environmentFromHost];
  if (names.length > maxItems) refuse(`At most ${maxItems} variables.`);
  const wrong = names.find((name) => !namePattern.test(name));
  if (wrong !== undefined) refuse(`${JSON.stringify(wrong)} is not the name of a variable.`);
  if (new Set(names).size !== names.length) refuse('A variable is declared twice.');
  const harmful = environmentFromHost.find((name) => forbiddenNames.test(name));
  if (harmful !== undefined) refuse(`The host may not set ${harmful}: it changes what the process loads or believes.`);
  for (const { name, value } of environment) requireText(`the value of ${name}`, value);
}

function requireText(name: string, text: string): void {
  if (/[\0\p{Cs}]/u.test(text)) refuse(`${name} holds a NUL or half of a character.`);
}

function requireFiles({ trustedFiles, interpreter, image, libos }: GramineManifestSettings): void {
  requireFile('libos', libos);
  if (trustedFiles.length > maxItems) refuse(`At most ${maxItems} trusted files.`);
  const all = [interpreter, image, ...trustedFiles];
  for (const file of all) requireFile('trusted file', file);
  const paths = all.map(({ path }) => path);
  const twice = paths.find((path, at) => paths.indexOf(path) !== at);
  if (twice !== undefined) refuse(`${twice} is named twice.`);
}

/** @throws TEE_MANIFEST_INVALID naming the problem. */
export function requireSettings(settings: GramineManifestSettings): void {
  requireFiles(settings);
  requireEnvironment(settings);
  if (settings.arguments.length > maxItems) refuse(`At most ${maxItems} arguments.`);
  for (const argument of settings.arguments) requireText('an argument', argument);
  requireWhole('threads', settings.threads, minThreads, maxThreads);
  requireWhole('enclaveSizeBytes', settings.enclaveSizeBytes, minEnclaveBytes, maxEnclaveBytes);
  // SECS.SIZE (SDM vol. 3D, ECREATE).
  if (!Number.isInteger(Math.log2(settings.enclaveSizeBytes))) refuse('enclaveSizeBytes is a power of two.');
  requireWhole('productId', settings.productId, 0, 0xffff);
  requireWhole('securityVersion', settings.securityVersion, 0, 0xffff);
}
