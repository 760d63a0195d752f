import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { durable } from '@enclos/durable';
import { readPemBlocks, toPem, type PemBlock } from '@enclos/codec/pem';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { Identity } from './issue.ts';
import { bundleOf, type Authority } from './rotate.ts';

/**
 * Files of the folder. An authority is one file with certificate and key, so that it is replaced whole; those of the
 * serving certificate are named as in a Secret of type kubernetes.io/tls.
 */
const files = Object.freeze({
  current: 'ca.pem',
  next: 'ca-next.pem',
  previous: 'ca-previous.crt',
  bundle: 'ca-bundle.crt',
  cert: 'tls.crt',
  key: 'tls.key',
});

/** What there is of an authority in a folder; nothing when it is empty or not there. @throws ADMISSION_AUTHORITY_REFUSED */
export async function readAuthority(folder: string): Promise<Partial<Authority>> {
  const read = (name: string): Promise<string | undefined> => readIfThere(join(folder, name));
  const [current, next, previous] = [await read(files.current), await read(files.next), await read(files.previous)];
  const [cert, key] = [await read(files.cert), await read(files.key)];
  return {
    ...(current === undefined ? {} : { current: split(current, files.current) }),
    ...(next === undefined ? {} : { next: split(next, files.next) }),
    ...(previous === undefined ? {} : { previous }),
    ...(cert === undefined || key === undefined ? {} : { serving: { cert, key } }),
  };
}

/**
 * Writes an authority, each file whole and for its owner only. The order lets a run that is cut off be repeated: what a later
 * file replaces is durable in an earlier one by then.
 */
export async function writeAuthority(folder: string, authority: Authority): Promise<void> {
  await durable.makeFolder(folder, 0o700);
  const put = (name: string, text: string | undefined): Promise<void> =>
    text === undefined ? durable.remove(join(folder, name)) : durable.replace(join(folder, name), text);
  const { current, next, previous, serving } = authority;
  await put(files.previous, previous);
  await put(files.current, joined(current));
  await put(files.next, next && joined(next));
  await put(files.bundle, bundleOf(authority));
  await put(files.key, serving.key);
  await put(files.cert, serving.cert);
}

function joined({ cert, key }: Identity): string {
  return cert + key;
}

/** The largest identity that is read: a certificate and a P-256 key are under 4 KiB. */
const maximumIdentityLength = 64 * 1024;

function split(pem: string, name: string): Identity {
  const [cert, key, ...others] = blocksOf(pem);
  if (cert?.label !== 'CERTIFICATE' || key?.label !== 'PRIVATE KEY' || others.length > 0) {
    throw new EnclosError('ADMISSION_AUTHORITY_REFUSED', `${name} is not a certificate with its private key.`);
  }
  return { cert: toPem(cert.label, cert.bytes), key: toPem(key.label, key.bytes) };
}

function blocksOf(pem: string): readonly PemBlock[] {
  try {
    return readPemBlocks(pem, maximumIdentityLength);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    return [];
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    // A link could lead to another user's file, which the next run would replace.
    if (!(await lstat(path)).isFile()) throw new EnclosError('ADMISSION_AUTHORITY_REFUSED', `${path} is not a file.`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
