import { findPemBlocks, toPem } from '@enclos/codec/pem';
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { access } from 'node:fs/promises';
import { durable } from '@enclos/durable';
import { EnclosError } from '@enclos/errors';

export interface DevelopmentOptions {
  /** The file of the configuration, which is made. */
  readonly configuration: string;
  /** Where the token of the manager is written. */
  readonly token: string;
  /** The tenant's base URL. */
  readonly issuer: string;
  /** Endorsements of this machine's software platform: its root is taken from them. JSON. */
  readonly endorsements: string;
  readonly now: Date;
}

/** What bearer tokens of this configuration are for; the scope of Azure's clients asks for the same. */
const audience = 'https://attest.azure.net';
const tokenSeconds = 30 * 86_400;

/**
 * A configuration to try the service with: one tenant, which takes evidence of
 * this machine's software platform and says so in every token, and whose manager
 * is the holder of the token. Keys of the issuer of that token end with this call.
 * @returns false when the configuration is there already; nothing is touched then.
 */
export async function makeDevelopmentConfiguration(options: DevelopmentOptions): Promise<boolean> {
  const { configuration, token, issuer, endorsements, now } = options;
  const exists = await access(configuration).then(
    () => true,
    () => false,
  );
  if (exists) return false;
  // Reserved by RFC 2606, so it belongs to no one.
  const manager = 'https://manager.localhost';
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const tenant = {
    issuer,
    trustModel: 'aad',
    defaultPolicies: 'azure',
    softwareRoots: [rootOf(endorsements)],
    // A platform of a single user says so by its status.
    baseline: { acceptedStatuses: ['OK', 'SW_HARDENING_NEEDED', 'CONFIGURATION_NEEDED'] },
    management: {
      bearer: {
        issuer: manager,
        audience: [audience],
        keys: { keys: [{ ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' }] },
      },
    },
    explainRefusals: true,
  };
  const seconds = Math.floor(now.getTime() / 1000);
  const signed = [{ alg: 'ES256', typ: 'JWT', kid }, claims(manager, seconds)].map(encode).join('.');
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  await durable.replace(token, `${signed}.${signature.toString('base64url')}\n`);
  const text = `${JSON.stringify({ tenants: [tenant] }, undefined, 2)}\n`;
  // Of two starts at once one would have the token, and the other the configuration.
  if (await durable.add(configuration, text, { mode: 0o666 })) return true;
  throw new Error(`${configuration} was made by another process meanwhile.`);
}

function claims(manager: string, seconds: number): object {
  return { iss: manager, sub: 'development', aud: audience, iat: seconds, nbf: seconds, exp: seconds + tokenSeconds };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** A chain has two. */
const mostCertificates = 8;

/** The last certificate of the chain of the TCB info. @throws ATTESTATION_USAGE */
function rootOf(endorsements: string): string {
  const chain = (JSON.parse(endorsements) as { readonly tcb_info_issuer_chain?: unknown }).tcb_info_issuer_chain;
  const root = typeof chain === 'string' ? findPemBlocks(chain, mostCertificates).at(-1) : undefined;
  if (root?.label === 'CERTIFICATE') return toPem('CERTIFICATE', root.bytes);
  throw new EnclosError(
    'ATTESTATION_USAGE',
    'The platform does not have a software root: write a configuration by hand.',
  );
}
