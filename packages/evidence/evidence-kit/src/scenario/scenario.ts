import { fromHex, toHex } from '@enclos/codec';
import type { QuoteCollateralJson } from '../collateral/quote-collateral.ts';
import { signDocument } from '../collateral/signed-document.ts';
import { pointHex, processKeys } from '../pki/keys.ts';
import { pem, pemChain } from '../pki/pem.ts';
import type { PckIdentity } from '../pki/sgx-extension.ts';
import { same, type Role, type ScenarioChanges } from './changes.ts';
import { evidenceSvns, makeQuote, type EvidenceSvns } from './evidence.ts';
import type { EvidenceKind } from './kinds.ts';
import { exampleFmspc, examplePceId, goodQeIdentity, goodTcbInfo, svnOf } from './levels.ts';
import { makePki, signingRole, type ScenarioPki } from './pki.ts';

/** One platform with its collateral and a quote of it. */
export interface Scenario {
  readonly kind: EvidenceKind;
  readonly quote: Uint8Array;
  readonly collateral: QuoteCollateralJson;
  /** The time of verification. */
  readonly at: Date;
  /** The root that a verifier of this scenario trusts: always the good one, whatever was changed. */
  readonly root: {
    /** PEM. */
    readonly certificate: string;
    /** Hex of x then y. */
    readonly publicKey: string;
  };
  /** In DER. */
  readonly certificates: Readonly<Record<Role, Uint8Array>>;
  readonly identity: PckIdentity;
  readonly svns: EvidenceSvns;
}

/**
 * Builds a platform, its collateral and a quote: genuine in everything but the
 * changes. Node only; about a millisecond, since all keys are P-256.
 */
export function scenario(changes: ScenarioChanges = {}): Scenario {
  const identity = identityOf(changes);
  const pki = makePki(changes, identity);
  return Object.freeze({
    kind: changes.kind ?? 'sgx-v3',
    quote: makeQuote(changes, identity, pki.pckChain),
    collateral: (changes.collateral ?? same)(makeCollateral(changes, pki)),
    at: changes.at ?? new Date('2026-01-15T00:00:00Z'),
    root: Object.freeze({
      certificate: pem(pki.goodRoot),
      publicKey: pointHex((changes.keys ?? processKeys).key('root')),
    }),
    certificates: pki.certificates,
    identity,
    svns: evidenceSvns(changes),
  });
}

export function identityOf(changes: ScenarioChanges): PckIdentity {
  const keys = changes.keys ?? processKeys;
  const svn = svnOf[changes.platform ?? 'latest'];
  return {
    ppid: keys.bytes('ppid', 16),
    components: Array.from({ length: 16 }, () => svn),
    pceSvn: svnOf[changes.pce ?? changes.platform ?? 'latest'],
    cpuSvn: new Uint8Array(16).fill(svn),
    pceId: fromHex(examplePceId),
    fmspc: fromHex(exampleFmspc.toLowerCase()),
    sgxType: 0,
    ...(changes.ca === 'processor'
      ? {}
      : {
          platformInstanceId: keys.bytes('platform instance', 16),
          configuration: { dynamicPlatform: true, cachedKeys: true, smtEnabled: true },
        }),
    ...changes.identity,
  };
}

function makeCollateral(changes: ScenarioChanges, pki: ScenarioPki): QuoteCollateralJson {
  const keys = changes.keys ?? processKeys;
  const text = (value: unknown, change: ((good: string) => string) | undefined): string =>
    (change ?? same)(JSON.stringify(value));
  const tcbInfo = signDocument(
    text((changes.tcbInfo ?? same<unknown>)(goodTcbInfo(changes)), changes.tcbInfoText),
    keys.key('tcbSigner'),
  );
  const qeIdentity = signDocument(
    text((changes.qeIdentity ?? same<unknown>)(goodQeIdentity(changes)), changes.qeIdentityText),
    keys.key(signingRole('identitySigner', changes)),
  );
  const { intermediate, root } = pki.certificates;
  return {
    version: 3,
    pck_crl_issuer_chain: pemChain([intermediate, root]),
    root_ca_crl: toHex(pki.rootCrl),
    pck_crl: toHex(pki.pckCrl),
    tcb_info_issuer_chain: pemChain(pki.tcbInfoChain),
    tcb_info: tcbInfo.text,
    tcb_info_signature: tcbInfo.signature,
    qe_identity_issuer_chain: pemChain(pki.identityChain),
    qe_identity: qeIdentity.text,
    qe_identity_signature: qeIdentity.signature,
    ...((changes.certificationType ?? 5) === 5 ? {} : { pck_certificate_chain: pemChain(pki.pckChain) }),
  };
}
