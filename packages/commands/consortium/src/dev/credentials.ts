import { generateKeyPair, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { certifiedKey, type CertifiedKey, type ServiceIdentity } from '@enclos/consortium-app';
import { durable } from '@enclos/durable';
import { toHex, utf8 } from '@enclos/codec';
import type { IssuedToken } from './tokens.ts';

/** The parties of a sandbox, by the names of CCF's. */
export interface Credentials {
  readonly user: CertifiedKey;
  readonly member: CertifiedKey;
  /** RSA, PEM: to the public key a member's share of the ledger secret is encrypted. */
  readonly memberEncryption: { readonly publicKey: string; readonly privateKey: string };
  /** 32 bytes. */
  readonly ledgerSecret: Uint8Array;
}

const day = 86_400_000;

const makeKeyPair = promisify(generateKeyPair);

/** Makes a user and a member. */
export async function makeCredentials(): Promise<Credentials> {
  const now = Date.now();
  const validity = { validFrom: new Date(now - 60_000), validUntil: new Date(now + 90 * day), isAuthority: false };
  const user = certifiedKey({ name: 'user0', ...validity });
  const member = certifiedKey({ name: 'member0', ...validity });
  const memberEncryption = await makeKeyPair('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { user, member, memberEncryption, ledgerSecret: new Uint8Array(randomBytes(32)) };
}

/** The file of a token that the sandbox issued. */
export const tokenFile = 'jwt_token';

/** Writes what a client and a reader of the ledger need. All but the secret and the token are files of CCF's own sandbox too. */
export async function writeCredentials(
  folder: string,
  { service }: ServiceIdentity,
  { user, member, memberEncryption, ledgerSecret }: Credentials,
  issued: IssuedToken | undefined,
): Promise<void> {
  const write = (name: string, text: string, mode: number): Promise<void> =>
    durable.replace(join(folder, name), utf8(text), { mode, folderMode: 0o700 });
  await write('service_cert.pem', service.certificate, 0o644);
  for (const [name, party] of [['user0', user] as const, ['member0', member] as const]) {
    await write(`${name}_cert.pem`, party.certificate, 0o644);
    const key = party.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await write(`${name}_privk.pem`, key, 0o600);
  }
  await write('member0_enc_pubk.pem', memberEncryption.publicKey, 0o644);
  await write('member0_enc_privk.pem', memberEncryption.privateKey, 0o600);
  await write('ledger_secret', `${toHex(ledgerSecret)}\n`, 0o600);
  if (issued === undefined) return;
  await write(tokenFile, issued.token, 0o600);
  await write('jwt_issuer_privk.pem', issued.privateKey, 0o600);
}
