import { generateKeyPair, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { certifiedKey, type CertifiedKey, type ServiceIdentity } from '@enclos/consortium-app';
import { durable } from '@enclos/durable';
import { toHex, utf8 } from '@enclos/codec';
import type { IssuedToken } from './tokens.ts';

/** A member of a sandbox. */
interface SandboxMember {
  readonly signing: CertifiedKey;
  /** RSA, PEM: to the public key the member's share of the ledger secret is encrypted. */
  readonly encryption: { readonly publicKey: string; readonly privateKey: string };
}

/** The parties of a sandbox: their names are those of CCF's, with their places in these lists. */
export interface Credentials {
  readonly users: readonly CertifiedKey[];
  readonly members: readonly SandboxMember[];
  /** 32 bytes. */
  readonly ledgerSecret: Uint8Array;
}

const day = 86_400_000;

const makeKeyPair = promisify(generateKeyPair);

/** How many parties a sandbox has. */
export interface PartyCounts {
  readonly users: number;
  readonly members: number;
}

/** Makes users and members. */
export async function makeCredentials(counts: PartyCounts): Promise<Credentials> {
  const now = Date.now();
  const validity = { validFrom: new Date(now - 60_000), validUntil: new Date(now + 90 * day), isAuthority: false };
  const party = (kind: keyof PartyCounts) => (_: undefined, index: number) =>
    certifiedKey({ name: nameOf(kind, index), ...validity });
  const users = Array.from({ length: counts.users }, party('users'));
  const signing = Array.from({ length: counts.members }, party('members'));
  const members = await Promise.all(
    signing.map(async (key) => ({
      signing: key,
      encryption: await makeKeyPair('rsa', {
        modulusLength: 2048,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }),
    })),
  );
  return { users, members, ledgerSecret: new Uint8Array(randomBytes(32)) };
}

/** `user0`, `member2`. */
function nameOf(kind: keyof PartyCounts, index: number): string {
  return `${kind === 'users' ? 'user' : 'member'}${index}`;
}

/** The file of a token that the sandbox issued. */
export const tokenFile = 'jwt_token';

/** Writes what a client and a reader of the ledger need. All but the secret and the token are files of CCF's own sandbox too. */
export async function writeCredentials(
  folder: string,
  { service }: ServiceIdentity,
  { users, members, ledgerSecret }: Credentials,
  issued: IssuedToken | undefined,
): Promise<void> {
  const write = (name: string, text: string, mode: number): Promise<void> =>
    durable.replace(join(folder, name), utf8(text), { mode, folderMode: 0o700 });
  await write('service_cert.pem', service.certificate, 0o644);
  const writeParty = async (name: string, { certificate, privateKey }: CertifiedKey): Promise<void> => {
    await write(`${name}_cert.pem`, certificate, 0o644);
    await write(`${name}_privk.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), 0o600);
  };
  for (const [index, user] of users.entries()) await writeParty(nameOf('users', index), user);
  for (const [index, { signing, encryption }] of members.entries()) {
    const name = nameOf('members', index);
    await writeParty(name, signing);
    await write(`${name}_enc_pubk.pem`, encryption.publicKey, 0o644);
    await write(`${name}_enc_privk.pem`, encryption.privateKey, 0o600);
  }
  await write('ledger_secret', `${toHex(ledgerSecret)}\n`, 0o600);
  if (issued === undefined) return;
  await write(tokenFile, issued.token, 0o600);
  await write('jwt_issuer_privk.pem', issued.privateKey, 0o600);
}
