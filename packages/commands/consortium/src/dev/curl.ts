import { join } from 'node:path';
import type { AppBundle, EndpointProperties, PolicyName } from '@enclos/consortium-app';
import { tokenFile } from './credentials.ts';

export interface CurlOptions {
  /** The folder of certificates and keys. */
  readonly certificates: string;
  /** Whether there is a token in it. */
  readonly hasToken: boolean;
}

type Proof = 'member0' | 'token' | 'user0';

/** What curl shows for a policy. */
const proofs: Partial<Record<PolicyName, Proof>> = {
  no_auth: 'user0',
  any_cert: 'user0',
  user_cert: 'user0',
  jwt: 'token',
  member_cert: 'member0',
};

/** A request that works as it stands: one that reads without parameters, by a party that may, or what every service answers. */
export function curlOf(url: string, options: CurlOptions, { endpoints }: AppBundle): string {
  const plain = endpoints
    .filter(({ verb, path, properties }) => verb === 'GET' && !path.includes('{') && properties.mode !== 'historical')
    .map(({ path, properties }) => ({ path, shown: proofsOf(properties, options) }));
  const { path, shown } = plain.find((endpoint) => endpoint.shown !== undefined) ?? { path: '/commit' };
  const file = (name: string): string => quoted(join(options.certificates, name));
  const party = shown?.includes('member0') === true ? 'member0' : 'user0';
  const parts = ['curl', '--cacert', file('service_cert.pem')];
  if (shown?.join() !== 'token') parts.push('--cert', file(`${party}_cert.pem`), '--key', file(`${party}_privk.pem`));
  if (shown?.includes('token') === true) parts.push('-H', `"authorization: Bearer $(cat ${file(tokenFile)})"`);
  return [...parts, quoted(`${url}/app${path}`)].join(' ');
}

/** What a caller shows to an endpoint; undefined where it takes nothing that is in the folder. */
function proofsOf({ policies }: EndpointProperties, { hasToken }: CurlOptions): readonly Proof[] | undefined {
  const ways = policies.map((policy) => {
    const needed = (typeof policy === 'string' ? [policy] : policy.allOf).map((name) => proofs[name]);
    const known = new Set(needed.filter((proof) => proof !== undefined));
    const isHeld = known.size > 0 && !needed.includes(undefined) && (hasToken || !known.has('token'));
    return isHeld && !(known.has('user0') && known.has('member0')) ? [...known] : undefined;
  });
  const held = ways.filter((way) => way !== undefined);
  // A user, where several ways are open.
  return held.find((way) => way.includes('user0')) ?? held[0];
}

function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
