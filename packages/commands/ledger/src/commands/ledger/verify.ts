import { basename } from 'node:path';
import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { readSmallFile } from '@enclos/cli-frame/files';
import { hexOption } from '@enclos/cli-frame/options';
import type { CommandInput } from '@enclos/command-line';
import { EnclosError, isEnclosError } from '@enclos/errors';
import {
  readEndorsementFile,
  readReceipt,
  verifyLedger,
  verifyReceipt,
  verifySnapshot,
  type LedgerCertificate,
  type ProvenSnapshot,
} from '@enclos/ledger/proof';
import { keyOptions, keysIn, serviceOption, servicesIn } from '../../ledger/keys.ts';
import { openLedger, type LedgerPaths } from '../../ledger/open.ts';
import { nodeTools } from '../../ledger/tools.ts';
import { outcomeJson, renderOutcome, type VerifyOutcome } from './render-verify.ts';

const maximumReceiptBytes = 1_048_576;
const maximumEndorsementBytes = 16_777_216;
const maximumSnapshotBytes = 4_294_967_296;

const options = {
  'service-certificate': serviceOption,
  ...keyOptions,
  'claims-digest': { type: 'string', value: 'HEX', summary: 'A receipt must be for these claims' },
  endorsements: {
    type: 'string',
    value: 'FILE',
    summary: 'Endorsements of earlier identities of the service, for a receipt in COSE: a CBOR array, the newest first',
  },
  part: { type: 'boolean', summary: 'The files are a part of a ledger: its begin may be missing' },
} as const;

type Options = CommandInput<typeof options>['options'];

export const command = defineCommand({
  description: [
    'Verifies files of CCF: a whole ledger with its snapshots, a snapshot, or a receipt in JSON or COSE.',
    'A folder may be that of the ledger, or the one above it, with ledger and snapshots.',
    '',
    'In a ledger it checks that the files are whole and follow each other, every signed root, the signatures of nodes and of the service, the certificates of nodes, how the service was opened and recovered, the messages and proposals of members, and the snapshots.',
    'With keys of members it also opens every private part, and checks the evidence of commit.',
    '',
    'Without --service-certificate it takes the ledger at its own word about who the service is, and says so.',
  ],
  arguments: {
    paths: {
      value: 'PATH',
      summary: 'Folders, files of a ledger, snapshots, or one receipt',
      required: true,
      multiple: true,
    },
  },
  options,
  examples: [
    {
      command: 'enclos ledger verify /var/ccf --service-certificate service_cert.pem',
      summary: 'Verify a ledger and its snapshots',
    },
    {
      command: 'enclos ledger verify receipt.json --service-certificate service_cert.pem',
      summary: 'Verify a receipt',
    },
    {
      command: 'enclos ledger verify ledger --member-key member0_enc_privk.pem --member-key member1_enc_privk.pem',
      summary: 'Open the private parts too',
    },
  ],
  exitCodes: {
    3: 'Something does not hold, or the keys do not open the ledger. The report names the file, the place and the transaction.',
  },
  async run({ arguments: { paths }, options: given }, context): Promise<VerifyOutcome> {
    if (paths.length === 0) refuseUsage('Give a folder, files of a ledger, or a receipt.');
    const services = await servicesIn(given['service-certificate'], context);
    const found = await openLedger(paths.map(context.path));
    const [other, second] = found.others;
    if (other !== undefined) {
      if (given['member-key'].length > 0 || given.secret !== undefined) {
        refuseUsage('A receipt has no private part: --member-key and --secret go with a ledger.');
      }
      if (second !== undefined || found.chunks.length + found.snapshots.length > 0) {
        refuseUsage('Verify one receipt at a time, and not together with a ledger.');
      }
      return verifyOneReceipt(other, given, services, context);
    }
    if (found.chunks.length > 0) return verifyFiles(found, given, services, context);
    return verifySnapshots(found.snapshots, services);
  },
  human: renderOutcome,
  json: outcomeJson,
  exitCode: (outcome) => (outcome.kind === 'ledger' && !outcome.report.holds ? 3 : 0),
});

async function verifyOneReceipt(
  file: string,
  given: Options,
  services: readonly LedgerCertificate[],
  { path }: CommandContext,
): Promise<VerifyOutcome> {
  requireServices(services, 'A receipt');
  const digest = given['claims-digest'];
  const endorsements = path(given.endorsements);
  const receipt = readReceipt(await readSmallFile(file, maximumReceiptBytes));
  const expected = {
    services,
    ...(digest === undefined ? {} : { claimsDigest: hexOption('--claims-digest', digest, 32) }),
    ...(endorsements === undefined
      ? {}
      : { endorsements: readEndorsementFile(await readSmallFile(endorsements, maximumEndorsementBytes)) }),
  };
  const proven = await verifyReceipt(receipt, expected, nodeTools);
  return { kind: 'receipt', form: receipt.form, proven, claimsCompared: digest !== undefined };
}

async function verifyFiles(
  { chunks, snapshots }: LedgerPaths,
  given: Options,
  services: readonly LedgerCertificate[],
  context: CommandContext,
): Promise<VerifyOutcome> {
  const keys = await context.progress.during('reading the secrets', () => keysIn(given, chunks, context));
  const loaded = await Promise.all(
    snapshots.map(async (file) => ({ name: basename(file), bytes: await readSmallFile(file, maximumSnapshotBytes) })),
  );
  const report = await context.progress.during('verifying the ledger', (show) =>
    verifyLedger(
      chunks,
      {
        services,
        snapshots: loaded,
        part: given.part,
        ...(keys === undefined ? {} : { keys }),
        onProgress: ({ bytes, totalBytes }) => show(bytes / (totalBytes ?? Number.POSITIVE_INFINITY)),
      },
      nodeTools,
    ),
  );
  return { kind: 'ledger', report, keysGiven: keys !== undefined };
}

async function verifySnapshots(
  snapshots: readonly string[],
  services: readonly LedgerCertificate[],
): Promise<VerifyOutcome> {
  if (snapshots.length === 0) {
    throw new EnclosError('CLI_FILE_INVALID', 'There is no file of a ledger, no snapshot and no receipt here.');
  }
  requireServices(services, 'A snapshot');
  const proven = await Promise.all(
    snapshots.map(async (file) => ({ file: basename(file), proven: await verifyOneSnapshot(file, services) })),
  );
  return { kind: 'snapshots', proven };
}

async function verifyOneSnapshot(file: string, services: readonly LedgerCertificate[]): Promise<ProvenSnapshot> {
  const bytes = await readSmallFile(file, maximumSnapshotBytes);
  try {
    return await verifySnapshot(bytes, { services }, nodeTools);
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    const { code, message, details } = error;
    throw new EnclosError(code, `${basename(file)}: ${message}`, { details, cause: error });
  }
}

function requireServices(services: readonly LedgerCertificate[], what: string): void {
  if (services.length > 0) return;
  refuseUsage(`${what} is verified against the certificate of a service: give --service-certificate.`);
}
