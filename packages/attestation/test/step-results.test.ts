import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { QuoteV3Parts } from '@enclos/sgx';
import { parseCollateral, stepResults, verificationSteps, verifyQuote, type QuoteCollateral } from '../src/index.ts';
import type { StepId } from '../src/steps.ts';
import { pem } from './intel-vectors.ts';
import { keys, makePlatform, now, type Changes } from './synthetic-platform.ts';

const other = { issuerKey: keys.other };
type Signature = QuoteV3Parts['signature'];
const flipped = (bytes: Uint8Array): Uint8Array => bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));
const inSignature = (change: (good: Signature) => Partial<Signature>): Changes => ({
  quote: (good) => ({ ...good, signature: { ...good.signature, ...change(good.signature) } }),
});
const inCollateral = (change: (good: QuoteCollateral) => Partial<QuoteCollateral>): Changes => ({
  collateral: (good) => ({ ...good, ...change(good) }),
});
const flippedHex = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);

/** For each step that can refuse, something that it alone refuses. `trusted-root` is a matter of the options. */
const broken: Readonly<Partial<Record<StepId, Changes>>> = {
  'quote-format': inSignature(() => ({ certificationDataType: 6 })),
  'pck-chain-shape': { pckChain: (good) => [...good, ...good.slice(2)] },
  'root-certificate': { root: other },
  'intermediate-certificate': { intermediate: other },
  'pck-certificate': { pck: other },
  'root-crl': { rootCrl: other },
  'pck-crl': { pckCrl: other },
  'intermediate-revocation': { rootCrl: { revoked: [2] } },
  'pck-revocation': { pckCrl: { revoked: [3] } },
  'tcb-signing-chain': { signingChain: (good) => good.slice(0, 1) },
  'tcb-info-signature': inCollateral((good) => ({ tcb_info_signature: flippedHex(good.tcb_info_signature) })),
  'qe-identity-signing-chain': inCollateral((good) => ({
    qe_identity_issuer_chain: good.qe_identity_issuer_chain.slice(0, good.qe_identity_issuer_chain.indexOf('-----END')) + pemEnd,
  })),
  'qe-identity-signature': inCollateral((good) => ({ qe_identity_signature: flippedHex(good.qe_identity_signature) })),
  'tcb-info-match': { tcbInfo: (good) => ({ ...good, fmspc: '00A0B0C0D0E1' }) },
  'qe-report-signature': inSignature(({ qeReportSignature }) => ({ qeReportSignature: flipped(qeReportSignature) })),
  'qe-report-binding': inSignature(() => ({ qeAuthData: new Uint8Array() })),
  'qe-identity-match': { qeReport: { isvProdId: 2 } },
  'quote-signature': inSignature(({ isvSignature }) => ({ isvSignature: flipped(isvSignature) })),
};
