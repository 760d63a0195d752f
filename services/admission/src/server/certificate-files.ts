import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { countPemStarts, findPemBlocks } from '@enclos/codec/pem';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { KeyPair } from './webhook-server.ts';

export interface ServingCertificate extends KeyPair {
  /** Milliseconds since 1970. */
  readonly endsAtMs: number;
  /** Hex with colons, for the log. */
  readonly fingerprint: string;
}

export interface CertificateFiles {
  /** Each call reads the file anew. @throws when it cannot. */
  readonly readCertificate: () => Promise<string>;
  readonly readKey: () => Promise<string>;
  /** Where clients have to show a certificate. */
  readonly readClientCa?: (() => Promise<string>) | undefined;
}

/** @throws ADMISSION_CERTIFICATE_REFUSED, with no word of the key. */
export function servingCertificate({ cert, key, clientCa }: KeyPair): ServingCertificate {
  checkClientCa(clientCa);
  try {
    const first = new X509Certificate(cert);
    if (!first.checkPrivateKey(createPrivateKey(key))) {
      throw new EnclosError('ADMISSION_CERTIFICATE_REFUSED', 'The private key is not that of the certificate.');
    }
    createSecureContext({ cert, key, minVersion: 'TLSv1.3' });
    return { cert, key, clientCa, endsAtMs: Date.parse(first.validTo), fingerprint: first.fingerprint256 };
  } catch (error) {
    if (isEnclosError(error)) throw error;
    throw new EnclosError(
      'ADMISSION_CERTIFICATE_REFUSED',
      'The certificate or the private key is not PEM that TLS can use.',
    );
  }
}

/** More than any bundle of authorities has. */
const maxAuthorities = 1000;

/**
 * An authority that is not there would keep its clients out, and the handshake of each client would not say why. TLS passes over a
 * certificate that it cannot read.
 */
function checkClientCa(clientCa: string | undefined): void {
  if (clientCa === undefined) return;
  const blocks = findPemBlocks(clientCa, maxAuthorities);
  if (blocks.length === 0 || blocks.length !== countPemStarts(clientCa)) throw notCertificates();
  for (const [i, { bytes }] of blocks.entries()) {
    if (!authorityOf(bytes).ca) {
      const message = `Authority ${i + 1} of ${blocks.length} for clients may not sign certificates.`;
      throw new EnclosError('ADMISSION_CERTIFICATE_REFUSED', message);
    }
  }
}

function authorityOf(bytes: Uint8Array): X509Certificate {
  try {
    return new X509Certificate(bytes);
  } catch {
    throw notCertificates();
  }
}

function notCertificates(): EnclosError {
  return new EnclosError('ADMISSION_CERTIFICATE_REFUSED', 'The authorities of clients are not certificates as PEM.');
}

/** @throws ADMISSION_CERTIFICATE_REFUSED */
export async function readServingCertificate(files: CertificateFiles): Promise<ServingCertificate> {
  return servingCertificate(await readPair(files));
}

async function readPair({ readCertificate, readKey, readClientCa }: CertificateFiles): Promise<KeyPair> {
  try {
    return { cert: await readCertificate(), key: await readKey(), clientCa: await readClientCa?.() };
  } catch (error) {
    // Names the file, and nothing that is in it.
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new EnclosError('ADMISSION_CERTIFICATE_REFUSED', `The certificate files cannot be read: ${reason}.`);
  }
}

export interface WatchOptions {
  readonly files: CertificateFiles;
  readonly current: ServingCertificate;
  readonly intervalMs: number;
  readonly onReplaced: (certificate: ServingCertificate) => void;
  /** Once for each refusal that differs from the one before. */
  readonly onRefused: (error: EnclosError) => void;
}

/**
 * Looks again and again, at what is in the files. The kubelet changes a Secret by renaming the link `..data`, which a
 * watch on the files themselves never tells of, and which shows its old and its new half to a reader in between:
 * a pair that does not fit is therefore looked at again the next time, and the one that is served stays.
 * @returns how to stop.
 */
export function watchCertificate({ files, current, intervalMs, onReplaced, onRefused }: WatchOptions): () => void {
  let [served, refusal]: [ServingCertificate, string] = [current, ''];
  let isStopped = false;
  const look = async (): Promise<void> => {
    try {
      const pair = await readPair(files);
      if (pair.cert === served.cert && pair.key === served.key && pair.clientCa === served.clientCa) {
        refusal = '';
      } else {
        const found = servingCertificate(pair);
        if (isStopped) return;
        [served, refusal] = [found, ''];
        onReplaced(found);
      }
    } catch (error) {
      if (!isEnclosError(error)) throw error;
      if (error.message !== refusal && !isStopped) onRefused(error);
      refusal = error.message;
    }
  };
  let timer: NodeJS.Timeout;
  const schedule = (): void => {
    timer = setTimeout(() => {
      void look().then(() => (isStopped ? undefined : schedule()));
    }, intervalMs);
    timer.unref();
  };
  schedule();
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
