import { utf8 } from '@enclos/codec';
import { pem } from '@enclos/evidence-kit';
import { ScriptThrow } from '@enclos/script';

import { isCertificateBundle, isCertificateChain } from '../src/ccf/crypto/certificates.ts';
import { jwkToPem, pemToJwk } from '../src/ccf/crypto/key-forms.ts';
import { ecdsaPair, eddsaPair } from '../src/ccf/crypto/keys.ts';
import { setIssuerKeys } from '../src/ccf/gov/jwt-keys.ts';
import { tcbPolicyJson } from '../src/ccf/snp/tcb-policy.ts';
import { verifyUvmEndorsement } from '../src/ccf/snp/uvm-endorsements.ts';
import { refuseType } from '../src/contract/accept.ts';
import { orFail } from '../src/session/failures.ts';
import { MemoryTransaction } from '../test/kit/memory-transaction.ts';

const ec = (JSON.parse(ecdsaPair('secp256r1')) as { readonly publicKey: string }).publicKey;
const ed = (JSON.parse(eddsaPair('curve25519')) as { readonly privateKey: string }).privateKey;

export const seeds: readonly Uint8Array[] = [
  utf8(ec),
  utf8(ed),
  utf8(pemToJwk('ec public', ec)),
  utf8(JSON.stringify({ keys: [{ ...(JSON.parse(pemToJwk('ec public', ec)) as object), kid: 'k' }] })),
  utf8(pem(new Uint8Array(64))),
  utf8('00a00f11d315000000000004'),
];

const endless = (): void => undefined;

/** Texts of a script, or of the client that sent them to it: they are read or refused, and never end more than the script's own call. */
export function fuzz(data: Uint8Array): void {
  const text = Buffer.from(data).toString('utf8');
  const table = new MemoryTransaction().map('keys');
  const readers = [
    () => isCertificateBundle(text, endless),
    () => isCertificateChain(text, text, endless),
    () => refuseType(text),
    () => tcbPolicyJson(text.slice(0, 8), text.slice(8)),
    // The extension names what failed, and makes it an error of the script.
    () => orFail('endorsements', () => verifyUvmEndorsement(data, '00', [])),
    () => orFail('keys', () => setIssuerKeys(table, { issuer: 'https://issuer.example', keySet: text })),
    ...['ec public', 'rsa private', 'okp public'].flatMap((kind) => [
      () => pemToJwk(kind, text),
      () => jwkToPem(kind, text),
    ]),
  ];
  for (const read of readers) {
    try {
      read();
    } catch (error) {
      if (!(error instanceof ScriptThrow)) throw error;
    }
  }
}
