import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { readSmallFile } from '@enclos/cli-frame/files';
import { markOf, renderFacts } from '@enclos/cli-frame/output';
import type { CommandInput, Printer } from '@enclos/command-line';
import { verifyReceipt, type ExpectedClaims, type ReceiptClaims, type VerifiedReceipt } from '@enclos/receipts';
import type { CollateralSource } from '../../evidence/collateral-of.ts';
import { readInput } from '../../evidence/read-input.ts';
import {
  baselineOptions,
  cacheOption,
  fetchOf,
  offlineOption,
  productOption,
  refreshOption,
  refuseFetchOptions,
  sourceOptions,
} from '../../options/collateral.ts';
import { receiptIn } from './receipt-file.ts';
import { readReceiptKey } from './receipt-key.ts';
import { verifyReport, type VouchedKeys } from './report-evidence.ts';

const options = {
  request: { type: 'string', value: 'FILE', summary: 'The body of the request, exactly as it was sent' },
  response: { type: 'string', value: 'FILE', summary: 'The body of the response, exactly as it was received' },
  report: {
    type: 'string',
    value: 'FILE',
    summary: 'What the service answered to /v1/attestation/report: its keys and their evidence',
    extensions: ['json'],
  },
  key: {
    type: 'string',
    value: 'FILE',
    summary: 'Instead of --report: the receipt key, which you trust for other reasons',
    extensions: ['json', 'jwk', 'pem', 'der'],
  },
  'model-digest': { type: 'string', value: 'HEX', summary: 'The model must have this digest: see `enclos model hash`' },
  policy: { type: 'string', value: 'FILE', summary: 'Appraise the evidence by this policy', extensions: ['json'] },
  collateral: {
    type: 'string',
    value: 'FILE',
    extensions: ['json'],
    summary: 'What the vendor says about the platform, instead of what the report has of it',
  },
  fetch: { type: 'boolean', summary: 'Fetch it, as `enclos verify` does, instead of what the report has of it' },
  root: {
    type: 'string',
    value: 'FILE',
    multiple: true,
    summary: 'Trust this root certificate, PEM or DER',
    extensions: ['pem', 'der', 'crt', 'cer'],
  },
  'software-root': {
    type: 'string',
    value: 'FINGERPRINT',
    multiple: true,
    summary: 'Trust the software root with this fingerprint',
  },
  product: productOption,
  ...sourceOptions,
  ...baselineOptions,
  cache: cacheOption,
  refresh: refreshOption,
  offline: offlineOption,
} as const;

type Options = CommandInput<typeof options>['options'];

interface Outcome extends VerifiedReceipt {
  readonly vouched: VouchedKeys | undefined;
  readonly requestCompared: boolean;
  readonly responseCompared: boolean;
  readonly modelCompared: boolean;
}

const maximumReceiptBytes = 65_536;
const maximumBodyBytes = 1024 * 1024 * 1024;

export const command = defineCommand({
  description: [
    'Verifies the receipt of an inference answer: that the key of an enclave signed it, and that it is about this request, this response and this model.',
    'The receipt may be COSE, as bytes or as the header enclos-receipt has it, or a JWS.',
    '',
    'With --report the evidence of the service is verified first, as `enclos verify` does it: that it vouches for the key set, and, with --policy, that the enclave is one that you accept.',
    'The receipt must then be signed by the receipt key of that key set, and name the same enclave.',
    'With --key nothing is known of what holds the key.',
    '',
    'What is not given is not compared, and the command says so.',
  ],
  arguments: { receipt: { value: 'RECEIPT', summary: 'The file, or - for standard input', required: true } },
  options,
  examples: [
    {
      command:
        'enclos receipt verify receipt.cose --report report.json --policy policy.json --request in.json --response out.json',
      summary: 'Verify all of it',
    },
    {
      command: 'enclos receipt verify receipt.jws --key receipt-key.json --json',
      summary: 'With a key that you trust',
    },
  ],
  exitCodes: {
    1: 'A collateral service could not be reached. Nothing is known about the receipt: try again.',
    3: 'The receipt, or the evidence, does not prove what it claims, or is about something else.',
    4: 'The evidence is genuine, but the policy does not accept it.',
    5: 'The receipt holds by collateral that had expired or was not yet valid, and no policy allowed that.',
  },
  async run({ arguments: { receipt }, options: given }, context) {
    const { path, progress, io } = context;
    requireOneSource(given);
    const { bytes } = await readInput(receipt, context);
    if (bytes.length > maximumReceiptBytes) refuseUsage('The file is too large for a receipt.');
    const vouched = await progress.during('verifying the evidence', () => keysOf(given, context, io.now()));
    const keys = [vouched?.key ?? (await readReceiptKey(path(given.key ?? '')))];
    const modelDigest = given['model-digest']?.toLowerCase();
    const expected: ExpectedClaims = { ...vouched?.expected, ...(modelDigest === undefined ? {} : { modelDigest }) };
    const request = await bodyOf(given.request, context);
    const response = await bodyOf(given.response, context);
    const verified = await verifyReceipt(receiptIn(bytes), { keys, request, response, expected });
    return {
      ...verified,
      vouched,
      requestCompared: given.request !== undefined,
      responseCompared: given.response !== undefined,
      modelCompared: modelDigest !== undefined,
    } satisfies Outcome;
  },
  human: renderOutcome,
  json: ({ vouched, ...outcome }: Outcome) => ({ ...outcome, evidence: evidenceJson(vouched) }),
  exitCode: ({ vouched }) => (isOutOfForce(vouched) ? 5 : 0),
});

const forReport = ['policy', 'collateral', 'product', 'source', 'url', 'place', 'api-key-file', 'cache'] as const;

function requireOneSource(given: Options): void {
  const { report, key } = given;
  if ((report === undefined) === (key === undefined)) refuseUsage('Give either --report or --key.');
  const other = forReport.find((name) => given[name] !== undefined);
  if (key !== undefined && other !== undefined) refuseUsage(`--${other} goes with --report, and not with --key.`);
  const digest = given['model-digest'];
  if (digest !== undefined && !/^[0-9a-f]{64}$/i.test(digest)) refuseUsage('--model-digest is 64 hex digits.');
}

async function keysOf(given: Options, context: CommandContext, now: Date): Promise<VouchedKeys | undefined> {
  if (given.report === undefined) return undefined;
  const { path } = context;
  const named = {
    rootFiles: given.root.map(path),
    softwareRoots: given['software-root'].map((text) => text.toLowerCase()),
  };
  const isNamed = named.rootFiles.length + named.softwareRoots.length > 0;
  return verifyReport({
    path: path(given.report),
    ...collateralSources(given, context),
    // Without a named root the vendors' are trusted, as `enclos verify` has it.
    roots: { ...named, intelRoot: !isNamed, amdRoots: !isNamed },
    policyFile: path(given.policy),
    now,
  });
}

function collateralSources(
  given: Options,
  context: CommandContext,
): { readonly collateral: CollateralSource | undefined; readonly fallback: CollateralSource } {
  const { collateral, product, fetch: fetches } = given;
  if (collateral !== undefined) {
    refuseFetchOptions(given);
    const source = { file: context.path(collateral) };
    return { collateral: source, fallback: source };
  }
  const source = { ...(product === undefined ? {} : { product }), fetch: fetchOf(given, context) };
  return { collateral: fetches ? source : undefined, fallback: source };
}

async function bodyOf(file: string | undefined, { path }: CommandContext): Promise<Uint8Array | 'not compared'> {
  return file === undefined ? 'not compared' : readSmallFile(path(file), maximumBodyBytes);
}

function isOutOfForce(vouched: VouchedKeys | undefined): boolean {
  return vouched !== undefined && !vouched.appraised && !vouched.validity.inForce;
}

function renderOutcome(outcome: Outcome, printer: Printer): void {
  const { claims, vouched, algorithm, kid } = outcome;
  const mark = isOutOfForce(vouched) ? 'info' : 'ok';
  printer.line(`${markOf(mark, printer)} the receipt holds: ${algorithm}, key ${kid}`);
  renderFacts(factsOf(claims), printer);
  for (const line of caveatsOf(outcome)) printer.line(`${markOf('warning', printer)} ${line}`);
}

function factsOf(claims: ReceiptClaims): readonly (readonly [string, string])[] {
  return [
    ['issuer', claims.issuer],
    ['time', new Date(claims.issuedAt * 1000).toISOString()],
    ['request', claims.requestId],
    ['sequence', String(claims.sequence)],
    ['model', `${claims.model}, version ${claims.modelVersion}`],
    ['model SHA-256', claims.modelDigest],
    [claims.tee === 'sgx' ? 'MRENCLAVE' : 'measurement', claims.measurement],
    ['key set', claims.keySetDigest],
    ...(claims.policyDigest === undefined ? [] : [['policy', claims.policyDigest] as const]),
  ];
}

function caveatsOf({ vouched, requestCompared, responseCompared, modelCompared }: Outcome): readonly string[] {
  return [
    ...(vouched === undefined ? ['Nothing is known of what holds the key: give --report to verify its evidence.'] : []),
    ...(vouched?.appraised === false
      ? ['The evidence was not appraised: give --policy to say which enclaves you accept.']
      : []),
    ...(isOutOfForce(vouched) ? ['Collateral was not in force at the time of verification.'] : []),
    ...(requestCompared ? [] : ['The request was not compared: give --request.']),
    ...(responseCompared ? [] : ['The response was not compared: give --response.']),
    ...(modelCompared ? [] : ['The model was not compared: give --model-digest.']),
  ];
}

function evidenceJson(vouched: VouchedKeys | undefined): Readonly<Record<string, unknown>> | null {
  if (vouched === undefined) return null;
  const { verdict, validity, appraised } = vouched;
  return { tee: verdict.tee, appraised, validity };
}
