import assert from 'node:assert/strict';
import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, toHex, utf8 } from '@enclos/codec';
import {
  evidenceKinds,
  ExtensionId,
  keyRing,
  pem,
  publicKeyInfo,
  scenario,
  without,
  type EvidenceKind,
  type KeyPair,
  type Scenario,
} from '../src/index.ts';

const kinds = Object.keys(evidenceKinds) as readonly EvidenceKind[];

function certificatesOf(text: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/** The PEM chain in a quote. */
function chainOf({ quote }: Scenario): readonly X509Certificate[] {
  return certificatesOf(Buffer.from(quote).toString('latin1'));
}

function holds(key: KeyPair, signature: string, text: string): boolean {
  const publicKey = createPublicKey({ key: Buffer.from(publicKeyInfo(key)), format: 'der', type: 'spki' });
  return verify('sha256', utf8(text), { key: publicKey, dsaEncoding: 'ieee-p1363' }, fromHex(signature));
}

for (const kind of kinds) {
  test(`a good scenario ${kind} hangs together`, () => {
    const keys = keyRing(kind);
    const made = scenario({ kind, keys });
    const [leaf, ca, root] = chainOf(made);
    assert.ok(leaf !== undefined && ca !== undefined && root !== undefined);
    assert.ok(leaf.verify(ca.publicKey) && ca.verify(root.publicKey) && root.verify(root.publicKey));
    const { collateral } = made;
    for (const field of ['tcb_info_issuer_chain', 'qe_identity_issuer_chain', 'pck_crl_issuer_chain'] as const) {
      const [issued, issuer] = certificatesOf(collateral[field]);
      assert.ok(issued !== undefined && issuer !== undefined);
      assert.ok(issued.checkIssued(issuer) && issued.verify(issuer.publicKey));
    }
    const signer = keys.key('tcbSigner');
    assert.ok(holds(signer, collateral.tcb_info_signature, collateral.tcb_info));
    assert.ok(holds(signer, collateral.qe_identity_signature, collateral.qe_identity));
    assert.equal(made.root.publicKey, toHex(keys.key('root').point));
    assert.equal(made.root.certificate, pem(new Uint8Array(root.raw)));
    const { version, bodyType } = evidenceKinds[kind];
    assert.equal(made.quote[0], version);
    if (bodyType !== undefined) assert.equal(made.quote[48], bodyType);
  });
}

test('one seed gives one structure: everything but the signatures is the same', () => {
  const [first, again] = [1, 2].map(() => scenario({ kind: 'tdx-v5-td15ex', keys: keyRing('seed') }));
  assert.ok(first !== undefined && again !== undefined);
  assert.deepEqual(first.quote.slice(0, 939), again.quote.slice(0, 939));
  assert.equal(first.collateral.tcb_info, again.collateral.tcb_info);
  assert.equal(first.collateral.qe_identity, again.collateral.qe_identity);
  const keys = (made: Scenario): readonly string[] =>
    chainOf(made).map(
      (certificate) =>
        `${certificate.serialNumber} ${String(certificate.publicKey.export({ type: 'spki', format: 'pem' }))}`,
    );
  assert.deepEqual(keys(first), keys(again));
  assert.notDeepEqual(keys(first), keys(scenario({ keys: keyRing('another') })));
});

test('a change is made before anything is signed, and touches nothing else', () => {
  const keys = keyRing('changes');
  const made = scenario({
    keys,
    certificates: { intermediate: { extensions: without(ExtensionId.keyUsage), signedBy: 'other' } },
    tcbInfo: (good) => ({ ...good, fmspc: '000000000000' }),
  });
  const [leaf, ca, root] = chainOf(made);
  assert.ok(leaf !== undefined && ca !== undefined && root !== undefined);
  assert.ok(leaf.verify(ca.publicKey));
  assert.ok(!ca.verify(root.publicKey) && ca.checkIssued(root));
  const { collateral } = made;
  assert.match(collateral.tcb_info, /"fmspc":"000000000000"/);
  assert.ok(holds(keys.key('tcbSigner'), collateral.tcb_info_signature, collateral.tcb_info));
});

test('the root that is trusted is the good one, whatever the chain ends in', () => {
  const keys = keyRing('roots');
  const { root } = scenario({ keys, certificates: { root: { key: 'other', signedBy: 'other' } } });
  assert.equal(root.publicKey, toHex(keys.key('root').point));
  const [certificate] = certificatesOf(root.certificate);
  assert.ok(certificate?.verify(certificate.publicKey));
});

test('the signers of the two documents part when one of them is changed', () => {
  const serials = (made: Scenario): readonly (string | undefined)[] =>
    (['tcb_info_issuer_chain', 'qe_identity_issuer_chain'] as const).map(
      (field) => certificatesOf(made.collateral[field])[0]?.serialNumber,
    );
  const [one, same] = serials(scenario());
  assert.equal(one, same);
  const [two, other] = serials(scenario({ certificates: { tcbSigner: {} } }));
  assert.notEqual(two, other);
});

test('a chain that is not in the quote lies beside the collateral', () => {
  assert.equal(scenario().collateral.pck_certificate_chain, undefined);
  for (const certificationType of [1, 2, 3, 4] as const) {
    const made = scenario({ certificationType });
    assert.equal(chainOf(made).length, certificationType === 4 ? 1 : 0);
    assert.equal(certificatesOf(made.collateral.pck_certificate_chain ?? '').length, 3);
  }
});
