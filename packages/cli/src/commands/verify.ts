import { boundReportData, unbound, type Binding } from '@enclos/attestation';
import { verify, type VerifyOptions } from '../actions/verify.ts';
import { defineCommand, type CommandInput } from '../command.ts';
import { refuseUsage } from '../failure.ts';
import { hexOption } from '../hex-option.ts';
import { renderVerification, verificationJson } from '../render/verification.ts';

const options = {
  collateral: {
    type: 'string',
    value: 'FILE',
    required: true,
    extensions: ['json'],
    summary: 'What the vendor says about the platform: JSON in the shape of QuoteCollateralV3',
  },
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
  'intel-root': { type: 'boolean', summary: "Trust Intel's SGX root" },
  policy: {
    type: 'string',
    value: 'FILE',
    summary: 'Appraise by this policy: the rules of SgxPolicy or TdxPolicy as JSON',
    extensions: ['json'],
  },
  at: { type: 'string', value: 'TIME', summary: 'The time of verification, ISO 8601, in place of now' },
  'report-data': { type: 'string', value: 'HEX', summary: 'The report data that the quote must have, 64 bytes' },
  purpose: {
    type: 'string',
    value: 'TEXT',
    summary: 'With --nonce: the purpose that the report data must be bound to',
  },
  nonce: { type: 'string', value: 'HEX', summary: 'With --purpose: the nonce that the report data must be bound to' },
  key: { type: 'string', value: 'HEX', summary: 'With --nonce: the public key that the report data must be bound to' },
  unbound: { type: 'string', value: 'REASON', summary: 'Expect nothing of the report data, and say why' },
} as const;

type Options = CommandInput<typeof options>['options'];

export const command = defineCommand({
  description:
    'Checks a quote against the collateral of its vendor, in numbered steps that end in a root that you name. Whom to trust is your choice: there is no default root.\n\nWith --policy the verdict is then appraised, which needs a binding: --report-data, or --purpose and --nonce (and --key), or --unbound with a reason. Without --policy the verdict is shown and nothing is appraised: a genuine quote of any enclave in the world passes.',
  arguments: { quote: { value: 'FILE', summary: 'The quote, as bytes in a file', required: true } },
  options,
  examples: [
    { command: 'enclos verify quote.bin --collateral collateral.json --root root.pem', summary: 'Show the verdict' },
    {
      command:
        'enclos verify quote.bin --collateral collateral.json --software-root 3f2a… --policy policy.json --purpose "vault upload" --nonce 00112233445566778899aabbccddeeff',
      summary: 'Appraise evidence that is bound to a nonce',
    },
  ],
  exitCodes: {
    3: 'The quote does not prove what it claims, or the collateral is malformed.',
    4: 'The quote is genuine, and the policy does not accept it.',
  },
  async run({ arguments: { quote }, options: given }, { io, path }) {
    const appraisal = await appraisalOf(given, path);
    const roots = {
      rootFiles: given.root.map(path),
      softwareRoots: given['software-root'].map(fingerprint),
      intelRoot: given['intel-root'],
    };
    if (roots.rootFiles.length + roots.softwareRoots.length === 0 && !roots.intelRoot) {
      refuseUsage('Name whom you trust: --root FILE, --software-root FINGERPRINT or --intel-root.');
    }
    return verify({
      quoteFile: path(quote),
      collateralFile: path(given.collateral),
      roots,
      now: given.at === undefined ? io.now() : parseTime(given.at),
      ...(appraisal === undefined ? {} : { appraisal }),
    });
  },
  human: renderVerification,
  json: verificationJson,
  failure: ({ refusal }) => refusal,
});

function fingerprint(value: string): string {
  hexOption('--software-root', value, 32);
  return value.toLowerCase();
}

function parseTime(text: string): Date {
  const time = new Date(text);
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime())) {
    refuseUsage(`--at is a time such as 2026-01-31T12:00:00Z, not ${JSON.stringify(text)}.`);
  }
  return time;
}

const bindingOptions = ['report-data', 'purpose', 'nonce', 'key', 'unbound'] as const;

async function appraisalOf(given: Options, path: (file: string) => string): Promise<VerifyOptions['appraisal']> {
  const present = bindingOptions.filter((name) => given[name] !== undefined);
  if (given.policy === undefined) {
    if (present.length > 0) refuseUsage(`--${present[0]} needs --policy: without a policy nothing is appraised.`);
    return undefined;
  }
  return { policyFile: path(given.policy), binding: await bindingOf(given, present) };
}

async function bindingOf(given: Options, present: readonly string[]): Promise<Binding> {
  const { 'report-data': reportData, purpose, nonce, key, unbound: reason } = given;
  if (reportData !== undefined && present.length === 1) {
    return { reportData: hexOption('--report-data', reportData, 64) };
  }
  if (reason !== undefined && present.length === 1) return unbound(reason);
  if (purpose !== undefined && nonce !== undefined && reportData === undefined && reason === undefined) {
    const inputs = {
      purpose,
      nonce: hexOption('--nonce', nonce),
      ...(key === undefined ? {} : { key: hexOption('--key', key) }),
    };
    return { reportData: await boundReportData(inputs) };
  }
  return refuseUsage(
    '--policy needs one binding: --report-data HEX, or --purpose TEXT --nonce HEX [--key HEX], or --unbound REASON.',
  );
}
