import {
  appraise,
  INTEL_SGX_ROOT,
  parseCollateral,
  parsePolicy,
  softwareRoot,
  verifyQuote,
  type QuoteVerdict,
  type SgxVerdict,
  type TrustedRoot,
} from '@enclos/attestation';
import { fromHex, toBase64 } from '@enclos/codec';
import { isEnclosError } from '@enclos/errors';
import {
  convergenceTable,
  evidenceKinds,
  refusalScenarios,
  scenario,
  statusScenarios,
  type EvidenceKind,
  type ScenarioChanges,
} from '@enclos/evidence-kit';
import { policyTexts } from './policy-texts.ts';
import { realQuestions } from './real-questions.ts';

/** One question to both verifiers, and what the one in TypeScript says. */
export interface AttestationCase extends Question {
  readonly expected: object;
}

interface Question {
  readonly name: string;
  /** base64 */
  readonly quote: string;
  /** The JSON text of the collateral. */
  readonly collateral: string;
  /** PEM; empty for Intel's. */
  readonly root: string;
  readonly now: string;
  readonly allowTrailing: boolean;
  /** A policy in JSON; the verdict is not appraised without one. */
  readonly policy?: string;
  /** What the policy is appraised with. */
  readonly reportData?: string;
}

const sgxKinds = (Object.keys(evidenceKinds) as readonly EvidenceKind[]).filter(
  (kind) => evidenceKinds[kind].tee === 'SGX',
);
const isSgx = ({ kind = 'sgx-v3' }: ScenarioChanges): boolean => sgxKinds.includes(kind);

/** Every scenario of the kit for SGX, mutations of good evidence, policies, and real evidence. */
export async function attestationCases(): Promise<readonly AttestationCase[]> {
  const questions = [
    ...refusalScenarios.filter(({ changes }) => isSgx(changes)).map(({ name, changes }) => ofScenario(name, changes)),
    ...statusScenarios
      .filter(({ changes }) => isSgx(changes))
      .map(({ name, changes, hasTrailingBytes = false }) => ofScenario(name, changes, hasTrailingBytes)),
    ...convergenceTable('sgx-v4').map(({ name, changes }) => ofScenario(name, changes)),
    ...sgxKinds.flatMap((kind) => mutations(kind)),
    ...(await policyQuestions()),
    ...realQuestions().map((real) => ({ ...real, root: '', allowTrailing: true })),
  ];
  const cases: AttestationCase[] = [];
  for (const question of questions) cases.push({ ...question, expected: await answer(question) });
  return cases;
}

function ofScenario(name: string, changes: ScenarioChanges, allowTrailing = false): Question {
  const { quote, collateral, at, root } = scenario(changes);
  return {
    name,
    quote: toBase64(quote),
    collateral: JSON.stringify(collateral),
    root: root.certificate,
    now: at.toISOString(),
    allowTrailing,
  };
}

/** A byte of the quote, or a character of one text of the collateral, changed at places that spread over all of it. */
function mutations(kind: EvidenceKind): readonly Question[] {
  const good = scenario({ kind });
  const base = ofScenario(`${kind}: unchanged`, { kind });
  const quotes = places(good.quote.length, 97).map((at) => {
    const quote = good.quote.slice();
    quote[at] = (quote[at] ?? 0) ^ (1 << (at % 8));
    return { ...base, name: `${kind}: byte ${at} of the quote`, quote: toBase64(quote) };
  });
  const texts = Object.entries(good.collateral).flatMap(([name, value]) => {
    if (typeof value !== 'string') return [];
    return places(value.length, 12).map((at) => {
      const other = String.fromCharCode(value.charCodeAt(at) ^ (at % 3 === 0 ? 1 : 4));
      const collateral = { ...good.collateral, [name]: value.slice(0, at) + other + value.slice(at + 1) };
      return { ...base, name: `${kind}: character ${at} of ${name}`, collateral: JSON.stringify(collateral) };
    });
  });
  return [base, ...quotes, ...texts];
}

function places(length: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => Math.floor((index * length) / count));
}

async function policyQuestions(): Promise<readonly Question[]> {
  const scenarios = [
    ['up to date', {}],
    ['out of date', { platform: 'earliest' }],
    ['much later', { at: new Date('2031-01-01T00:00:00Z') }],
    ['earlier', { at: new Date('2024-01-01T00:00:00Z') }],
    ['debug', { report: { attributes: { flags: 0x7n, xfrm: 3n } } }],
  ] as const satisfies readonly (readonly [string, ScenarioChanges])[];
  const { fingerprint } = await softwareRoot(scenario().root.certificate);
  return scenarios.flatMap(([name, changes]) => {
    const base = ofScenario(name, changes);
    const quote = scenario(changes).quote;
    const reportData = Buffer.from(quote.subarray(48 + 320, 48 + 384)).toString('hex');
    return policyTexts(quote, fingerprint).map(([what, policy]) => ({
      ...base,
      name: `${name}, policy: ${what}`,
      policy,
      reportData: what === 'another binding' ? '00'.repeat(64) : reportData,
    }));
  });
}

const roots = new Map<string, TrustedRoot>([['', INTEL_SGX_ROOT]]);

/** What the verifier in TypeScript says, as JSON that the one in Go must say too. */
async function answer(question: Question): Promise<object> {
  const root = roots.get(question.root) ?? (await softwareRoot(question.root));
  roots.set(question.root, root);
  const now = new Date(question.now);
  try {
    const quote = new Uint8Array(Buffer.from(question.quote, 'base64'));
    const options = { roots: [root], now, allowTrailingBytes: question.allowTrailing };
    const verdict = await verifyQuote(quote, parseCollateral(question.collateral), options);
    if (question.policy !== undefined) {
      const policy = parsePolicy<unknown>(question.policy);
      appraise(verdict, policy, { reportData: fromHex(question.reportData ?? '') }, { now });
    }
    return factsOf(verdict);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const { step = '', status = '', field = '' } = error.details;
    return { code: error.code, step, status, field };
  }
}

function factsOf(verdict: QuoteVerdict): object {
  // Every question is about an enclave.
  const { report, collateral, ...facts } = verdict as SgxVerdict;
  return {
    status: facts.status,
    platformStatus: facts.platformStatus,
    qeStatus: facts.qeStatus,
    tcbDate: facts.tcbDate ?? '',
    advisoryIds: facts.advisoryIds,
    shortfall: facts.shortfall.map(({ component, index, has, needs }) => `${component}/${index}/${has}/${needs}`),
    quoteVersion: facts.quoteVersion,
    numbers: [facts.tcbEvaluationDataNumbers.tcbInfo, facts.tcbEvaluationDataNumbers.qeIdentity],
    fmspc: facts.fmspc,
    ppid: facts.platform.ppid,
    instance: facts.platform.platformInstanceId ?? '',
    sgxType: facts.platform.sgxType,
    root: facts.root.fingerprint,
    pckNotYetValid: facts.pckNotYetValid,
    expired: collateral.expired,
    notYetValid: collateral.notYetValid,
    dates: [collateral.earliestIssueDate, collateral.latestIssueDate, collateral.earliestExpiration],
    parts: Object.fromEntries(Object.entries(collateral.parts).map(([part, { from, until }]) => [part, [from, until]])),
    mrEnclave: report.mrEnclave,
    mrSigner: report.mrSigner,
    productId: report.isvProdId,
    securityVersion: report.isvSvn,
    flags: String(report.attributes.flags),
    reportData: report.reportData,
  };
}
