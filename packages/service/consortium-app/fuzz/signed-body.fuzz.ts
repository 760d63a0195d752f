import { sign } from 'node:crypto';
import { utf8 } from '@enclos/codec';
import { coseProtectedHeader, coseSigningInput, writeCoseSign1 } from '@enclos/cose';
import { KvStore } from '@enclos/kv';
import { authenticate } from '../src/identity/authenticate.ts';
import { partyId, setUser } from '../src/node/genesis.ts';
import { certifiedKey } from '../src/node/identity.ts';

const user = certifiedKey({ name: 'user0', validFrom: new Date(0), validUntil: new Date(1e12), isAuthority: false });
const store = new KvStore();
const first = store.begin();
setUser(first, user);
store.commit(first);

function message(kid: string): Uint8Array {
  const payload = utf8('content');
  const protectedBytes = coseProtectedHeader({ algorithm: 'ES384', kid: utf8(kid) });
  const input = coseSigningInput({ protectedBytes, payload });
  const signature = new Uint8Array(sign('sha384', input, { key: user.privateKey, dsaEncoding: 'ieee-p1363' }));
  return writeCoseSign1({ protectedBytes, payload, signature });
}

const genuine = message(partyId(user.certificate));
export const seeds: readonly Uint8Array[] = [genuine, message('stranger')];

/** No body but one that a user signed is taken for theirs; another one is an answer of 401, and nothing is thrown. */
export function fuzz(body: Uint8Array): void {
  const transaction = store.begin();
  const request = {
    method: 'POST',
    path: '/',
    query: '',
    headers: new Map([['content-type', 'application/cose']]),
    body,
  };
  const found = authenticate(['user_cose_sign1'], { request, transaction, nowSeconds: 1000 });
  store.discard(transaction);
  if ('caller' in found && Buffer.from(found.content ?? []).toString() !== 'content') {
    throw new Error('A content without a signature was accepted.');
  }
}
