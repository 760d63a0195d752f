import { readSmallFile } from '@enclos/cli-frame/files';
import { ExtensionId } from '@enclos/codec/x509';
import { findDer, findPemBlocks, toPem } from '@enclos/codec/pem';
import { DerReader, toHex } from '@enclos/codec';
import type { DcapFacts } from '@enclos/endorsements';
import { EnclosError } from '@enclos/errors';

import { attempt, describeCertificate, type CertificateDescription } from '@enclos/evidence';

interface ParsedCertificate {
  readonly der: Uint8Array;
  readonly shape: CertificateDescription;
}

/** A PCK certificate, with as much of its chain as the file has. */
export interface PckFile {
  readonly path: string;
  readonly certificates: readonly ParsedCertificate[];
}

const sgxExtension = ExtensionId.sgx;
const maximumFileBytes = 64 * 1024;
const mostCertificates = 8;

/** @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID unless there is one PCK certificate in it. */
export async function readPckFile(path: string): Promise<PckFile> {
  const bytes = await readSmallFile(path, maximumFileBytes);
  const blocks = findDer(bytes, mostCertificates);
  const certificates = parse(blocks);
  if (certificates?.filter(isPck).length !== 1) {
    throw new EnclosError(
      'CLI_FILE_INVALID',
      `${path} is not one PCK certificate, alone or with its chain, in PEM or DER.`,
      {
        details: { path },
      },
    );
  }
  return { path, certificates };
}

function parse(blocks: readonly Uint8Array[]): readonly ParsedCertificate[] | undefined {
  return attempt(() => blocks.slice(0, mostCertificates).map((der) => ({ der, shape: describeCertificate(der) })));
}

function isPck({ shape }: ParsedCertificate): boolean {
  return shape.extensions.some(({ id }) => id === sgxExtension);
}

/** PCK certificate, CA, root, as the collateral wants them; what the file lacks comes from `issuers`, PEM. */
export function pckChain({ certificates }: PckFile, issuers: string): string {
  const others = parse(findPemBlocks(issuers, mostCertificates).map(({ bytes }) => bytes)) ?? [];
  const pool = [...certificates, ...others];
  const chain = pool.filter(isPck).slice(0, 1);
  for (let last = chain[0]; last !== undefined && chain.length < mostCertificates;) {
    const { issuer, subject } = last.shape;
    if (issuer === subject) break;
    last = pool.find(({ shape }) => shape.subject === issuer);
    if (last !== undefined) chain.push(last);
  }
  return chain.map(({ der }) => toPem('CERTIFICATE', der)).join('');
}

/** Which platform the certificate is of. @throws CLI_FILE_INVALID when it does not say. */
export function pckFacts({ certificates, path }: PckFile, tee: 'sgx' | 'tdx'): DcapFacts {
  const pck = certificates.find(isPck);
  const extension = pck?.shape.extensions.find(({ id }) => id === sgxExtension)?.value;
  const fmspc = extension === undefined ? undefined : readFmspc(extension);
  const ca = ['platform', 'processor'] as const;
  const issuer = ca.find((name) => pck?.shape.issuer.toLowerCase().includes(`pck ${name} ca`));
  if (fmspc === undefined || issuer === undefined) {
    throw new EnclosError('CLI_FILE_INVALID', `The PCK certificate in ${path} names no platform family or no CA.`, {
      details: { path },
    });
  }
  return { tee, fmspc, ca: issuer };
}

function readFmspc(extension: Uint8Array): string | undefined {
  return attempt(() => {
    for (const entries = new DerReader(extension).sequence(); !entries.done;) {
      const entry = entries.sequence();
      if (entry.objectIdentifier() === `${sgxExtension}.4`) return toHex(entry.octetString());
    }
    return undefined;
  });
}
