import { boundReportData, unbound } from '@enclos/attestation';
import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { hexOption, isCalendarDay } from '@enclos/cli-frame/options';
import type { CommandInput } from '@enclos/command-line';
import { verify, type VerifyOptions } from './verify.ts';
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
import type { CollateralSource } from '../../evidence/collateral-of.ts';
import { readInput } from '../../evidence/read-input.ts';
import type { AnyBinding } from '../../evidence/verify-evidence.ts';
import { bindingWanted } from '../../evidence/binding.ts';
import { standsOn } from './validity.ts';
import { renderVerification } from './render.ts';
import { verificationJson } from './json.ts';

const options = {
  collateral: {
    type: 'string',
    value: 'FILE',
    extensions: ['json'],
    summary:
      'What the vendor says about the platform: JSON in the shape of QuoteCollateralV3, or as `enclos collateral fetch` writes it for SEV-SNP. Without this option it is fetched, as by `enclos collateral fetch`',
  },
  pck: {
    type: 'string',
    value: 'FILE',
    extensions: ['pem', 'der', 'crt', 'cer'],
    summary: 'The PCK certificate, alone or with its chain, for a quote that carries none',
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
  'amd-root': { type: 'boolean', summary: "Trust AMD's roots, for SEV-SNP reports" },
  product: productOption,
  policy: {
    type: 'string',
    value: 'FILE',
    summary: 'Appraise the evidence by this policy, JSON: see `enclos policy`',
    extensions: ['json'],
  },
  at: { type: 'string', value: 'TIME', summary: 'The time of verification, ISO 8601, instead of now' },
  'report-data': {
    type: 'string',
    value: 'HEX',
    summary: 'The report data that the quote must have, or the qualifying data of a TPM quote, 64 bytes',
  },
  purpose: {
    type: 'string',
    value: 'TEXT',
    summary: 'With --nonce: the purpose that the report data must be bound to',
  },
  nonce: {
    type: 'string',
    value: 'HEX',
    summary:
      'With --purpose: the nonce that the report data must be bound to. Without it: the qualifying data that a vTPM must have quoted',
  },
  key: { type: 'string', value: 'HEX', summary: 'With --nonce: the public key that the report data must be bound to' },
  unbound: { type: 'string', value: 'REASON', summary: 'Accept any report data, and say why' },
  ...sourceOptions,
  ...baselineOptions,
  cache: cacheOption,
  refresh: refreshOption,
  offline: offlineOption,
} as const;

type Options = CommandInput<typeof options>['options'];

export const command = defineCommand({
  description: [
    'Checks evidence against the collateral of its vendor, in numbered steps that end in a root.',
    '',
    'It finds the evidence by its content.',
    'A quote or an SEV-SNP report may be bytes, hex, base64, PEM or JSON; in a certificate, an Open Enclave report, or the answer of Azure Attestation to /certs; or in the certificate of a server, by its https address.',
    'The evidence of an Azure VM is one document with HCL report, TPM quote and PCRs.',
    '',
    'Choose the roots to trust: --root, --software-root, --intel-root, --amd-root.',
    'Without any of them, only the roots of the hardware vendors are trusted, and no software platform.',
    '',
    'With --policy the verdict is then appraised.',
    'That needs a binding: --report-data, or --purpose and --nonce (and --key), or --unbound with a reason.',
    'Evidence in a certificate is bound to the key of the certificate, and a vTPM needs --nonce alone.',
    'Without --policy nothing is appraised, and only the verdict is shown: a genuine quote of any enclave passes, unless its collateral was not in force at the time of verification.',
    '',
    'The JSON has `status`, `moduleStatus`, `qeStatus`, `advisoryIds`, `tcbDate`, `validity`, `steps` and `verdict`; after a refusal it has `status`, `step` and `reason`.',
    'An SEV-SNP report has no TCB status: when the report is genuine, `status` is GENUINE, and the policy judges its versions.',
    'For an Azure VM, `status` is that of its hardware, and `verdict` holds what hardware, paravisor and vTPM say.',
    '`onlyHardware` says that an HCL report came without a quote of the TPM.',
    '`validity` holds the time of verification (`at`), whether all collateral was `inForce` then, and what was `outOfForce`: each `part`, whether it was `expired` or `not-yet-valid` (`state`), and its dates.',
  ],
  arguments: {
    evidence: {
      value: 'EVIDENCE',
      summary: 'A file with a quote in it, - for standard input, or the https address of an attested server',
      required: true,
    },
  },
  options,
  examples: [
    { command: 'enclos verify quote.bin --collateral collateral.json --root root.pem', summary: 'Show the verdict' },
    { command: 'enclos verify quote.hex --json', summary: "Fetch the collateral from Intel, and trust Intel's root" },
    {
      command:
        'enclos verify https://vault.example.com --policy policy.json --source pccs --url https://pccs.example.com',
      summary: 'Verify a server, and appraise it',
    },
    {
      command:
        'enclos verify quote.bin --collateral collateral.json --software-root 3f2a… --policy policy.json --purpose "vault upload" --nonce 00112233445566778899aabbccddeeff',
      summary: 'Appraise evidence that is bound to a nonce',
    },
    {
      command:
        'enclos verify evidence.json --product Milan --policy machine.json --nonce 00112233445566778899aabbccddeeff',
      summary: 'Verify an Azure VM, from the hardware to the PCRs and the nonce',
    },
  ],
  exitCodes: {
    1: 'A server or a collateral service could not be reached, or does not have what was asked for. Nothing is known about the evidence: try again.',
    3: 'The evidence does not prove what it claims, the input is not evidence, or the collateral is malformed.',
    4: 'The evidence is genuine, but the policy does not accept it.',
    5: 'The evidence is genuine by collateral that had expired or was not yet valid at the time of verification, and no policy allowed that: see `validity`.',
  },
  async run({ arguments: { evidence }, options: given }, context) {
    const { io, path, progress } = context;
    const appraisal = await appraisalOf(given, path);
    const roots = {
      rootFiles: given.root.map(path),
      softwareRoots: given['software-root'].map(fingerprint),
      intelRoot: given['intel-root'],
      amdRoots: given['amd-root'],
    };
    const named = roots.rootFiles.length + roots.softwareRoots.length > 0 || roots.intelRoot || roots.amdRoots;
    const now = given.at === undefined ? io.now() : parseTime(given.at);
    const collateral = collateralSource(given, context);
    const input = await progress.during('reading', () => readInput(evidence, context));
    const outcome = await progress.during('verifying', () =>
      verify({
        input,
        collateral,
        roots: named ? roots : { ...roots, intelRoot: true, amdRoots: true },
        now,
        pckFile: path(given.pck),
        appraisal,
      }),
    );
    return { ...outcome, rootsNamed: named };
  },
  human: renderVerification,
  json: verificationJson,
  failure: ({ refusal }) => refusal,
  exitCode: (outcome) => (standsOn(outcome) === 'nothing' ? 5 : 0),
});

function collateralSource(given: Options, context: CommandContext): CollateralSource {
  const { collateral, product } = given;
  if (collateral !== undefined) {
    refuseFetchOptions(given);
    return { file: context.path(collateral) };
  }
  return { ...(product === undefined ? {} : { product }), fetch: fetchOf(given, context) };
}

function fingerprint(value: string): string {
  hexOption('--software-root', value, 32);
  return value.toLowerCase();
}

/** A day, which begins at midnight UTC, or a time with its zone: without one it would depend on the machine. */
const timePattern = /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2}))?$/;

/** @throws CLI_USAGE for what `Date` would read part of, and for days that no calendar has. */
function parseTime(text: string): Date {
  const [, day = ''] = timePattern.exec(text) ?? [];
  const time = new Date(text);
  if (!isCalendarDay(day) || Number.isNaN(time.getTime())) {
    refuseUsage(`--at is a time such as 2026-01-31T12:00:00Z, or a day, not ${JSON.stringify(text)}.`);
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
  const policyFile = path(given.policy);
  return present.length === 0 ? { policyFile } : { policyFile, binding: await bindingOf(given, present) };
}

async function bindingOf(given: Options, present: readonly string[]): Promise<AnyBinding> {
  const { 'report-data': reportData, purpose, nonce, key, unbound: reason } = given;
  if (reportData !== undefined && present.length === 1) {
    return { reportData: hexOption('--report-data', reportData, 64) };
  }
  if (reason !== undefined && present.length === 1) return unbound(reason);
  if (nonce !== undefined && present.length === 1) return { nonce: hexOption('--nonce', nonce) };
  if (purpose !== undefined && nonce !== undefined && reportData === undefined && reason === undefined) {
    const inputs = {
      purpose,
      nonce: hexOption('--nonce', nonce),
      ...(key === undefined ? {} : { key: hexOption('--key', key) }),
    };
    return { reportData: await boundReportData(inputs) };
  }
  return refuseUsage(bindingWanted);
}
