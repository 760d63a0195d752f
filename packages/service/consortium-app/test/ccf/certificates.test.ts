import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';

import { basicConstraints, issueCertificate, pem, processKeys, type Extension } from '@enclos/evidence-kit';

import { engineTest, evaluate } from '../kit/scripts.ts';

const day = 86_400_000;

interface Wanted {
  readonly subject: string;
  readonly issuer: string;
  /** Whose key signs, when it is not that of the issuer. */
  readonly signer?: string;
  readonly ca?: boolean;
  /** Days from now. */
  readonly from?: number;
  readonly to?: number;
}

function certificate({ subject, issuer, signer = issuer, ca = true, from = -1, to = 1 }: Wanted): Uint8Array {
  const extensions: readonly Extension[] = [basicConstraints({ ca })];
  return issueCertificate({
    version: 3,
    serialNumber: Uint8Array.of(1),
    issuer,
    subject,
    notBefore: new Date(Date.now() + from * day),
    notAfter: new Date(Date.now() + to * day),
    key: processKeys.key(subject),
    issuerKey: processKeys.key(signer),
    extensions,
  });
}

const root = certificate({ subject: 'root', issuer: 'root' });
const middle = certificate({ subject: 'middle', issuer: 'root' });
const leaf = certificate({ subject: 'leaf', issuer: 'middle', ca: false });
const text = (...chain: readonly Uint8Array[]): string => chain.map((der) => pem(der)).join('');

engineTest('chains lead to what is trusted, or not', (engine) => {
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ['whole', text(leaf, middle), text(root), true],
    ['in another order', text(leaf, root, middle), text(root), true],
    ['an anchor that is not a root', text(leaf), text(middle), true],
    ['trusted itself', text(middle), text(middle), true],
    ['trusted itself, and no authority', text(leaf), text(leaf), false],
    ['one of two anchors is no authority', text(leaf, middle), text(leaf, root), false],
    ['one of two anchors', text(leaf, middle), text(certificate({ subject: 'other', issuer: 'other' }), root), true],
    ['a gap', text(leaf), text(root), false],
    ['nothing trusted', text(leaf, middle), '', false],
    ['no chain', '', text(root), false],
    ['no certificate', 'leaf', text(root), false],
    [
      'an anchor signed by another',
      text(leaf, middle),
      text(certificate({ subject: 'root', issuer: 'root', signer: 'evil' })),
      true,
    ],
    ['signed by another', text(certificate({ subject: 'leaf', issuer: 'root', signer: 'evil' })), text(root), false],
    [
      'by no authority',
      text(certificate({ subject: 'end', issuer: 'leaf', ca: false }), leaf, middle),
      text(root),
      false,
    ],
    ['expired', text(certificate({ subject: 'leaf', issuer: 'root', to: -0.5 })), text(root), false],
    ['not yet', text(certificate({ subject: 'leaf', issuer: 'root', from: 0.5 })), text(root), false],
    [
      'an expired one between',
      text(leaf, certificate({ subject: 'middle', issuer: 'root', to: -0.5 })),
      text(root),
      false,
    ],
    ['an expired anchor', text(middle), text(certificate({ subject: 'root', issuer: 'root', to: -0.5 })), false],
    [
      'a circle',
      text(certificate({ subject: 'a', issuer: 'b' }), certificate({ subject: 'b', issuer: 'a' })),
      text(root),
      false,
    ],
    ['too many', text(leaf, ...Array.from({ length: 40 }, () => middle)), text(root), false],
  ];
  const calls = cases.map(
    ([, chain, trusted]) => `ccf.crypto.isValidX509CertChain(${JSON.stringify(chain)}, ${JSON.stringify(trusted)})`,
  );
  const verdicts = evaluate(engine, `return [${calls.join(',')}]`);
  assert.deepEqual(
    cases.map(([name], index) => `${name}: ${String((verdicts as readonly boolean[])[index])}`),
    cases.map(([name, , , wanted]) => `${name}: ${wanted}`),
  );
});

engineTest('bundles and ids of certificates', (engine) => {
  const call = (name: string, value: string): string => `ccf.${name}(${JSON.stringify(value)})`;
  const broken = text(leaf).replace('MII', 'MIX');
  const body = `return [${[
    call('crypto.isValidX509CertBundle', text(leaf, middle)),
    call('isValidX509CertBundle', ''),
    call('crypto.isValidX509CertBundle', text(middle) + broken),
    call('crypto.isValidX509CertBundle', pem(leaf, 'PUBLIC KEY')),
    call('pemToId', text(leaf)),
  ].join(',')}]`;
  const id = createHash('sha256').update(leaf).digest('hex');
  assert.deepEqual(evaluate(engine, body), [true, false, false, false, id]);
});
