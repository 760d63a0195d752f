import { defineCommand, refuseUsage, type Io } from '@enclos/cli-frame';
import { isCalendarDay } from '@enclos/cli-frame/options';
import type { Printer } from '@enclos/command-line';
import { attachSigning, prepareSigning, summaryLines, type PreparedSigning } from './sign-elsewhere.ts';
import { sign, type SignOutcome } from './sign.ts';

export const command = defineCommand({
  description: [
    'Writes the SIGSTRUCT (1808 bytes) of an image: its signer, its product and its security version.',
    'A platform loads an image only with a signature over its exact measurement.',
    'The same image, key and date give the same bytes; SOURCE_DATE_EPOCH sets the date.',
    '',
    'The enclave file of Intel’s SGX SDK or of Open Enclave is signed again: what its last signer stated stays, and a copy gets the new signature.',
    '',
    'Give a project folder to use the `attributes` of its enclave.json; an image by itself is signed without KSS.',
    '',
    'A key that never leaves its device signs in two steps.',
    '--prepare writes exactly the 256 bytes to sign, and a summary for the person who signs.',
    'The device makes an RSA PKCS#1 v1.5 signature with SHA-256 over these bytes.',
    '--attach checks key, signature and image, and writes the SIGSTRUCT that signing with the key itself would have written.',
  ],
  arguments: {
    target: {
      value: 'FOLDER|IMAGE',
      summary: 'A built project, an image, or an enclave file of another SDK',
      default: '.',
      extensions: ['sgxs', 'so', 'signed'],
    },
  },
  options: {
    key: { type: 'string', value: 'FILE', summary: 'The signing key, PEM', extensions: ['pem'] },
    relayed: { type: 'boolean', summary: 'Sign the image of the project that `enclos build --relayed` made' },
    prepare: { type: 'boolean', summary: 'Write the bytes for a device to sign, instead of signing' },
    attach: { type: 'string', value: 'FILE', summary: 'The signature that a device made: 384 bytes' },
    'public-key': {
      type: 'string',
      value: 'FILE',
      summary: 'With --attach: the public half of the key of the device, PEM',
      extensions: ['pem'],
    },
    prepared: {
      type: 'string',
      value: 'FILE',
      summary: 'With --attach: the signed bytes, instead of NAME.tosign beside the image',
    },
    date: { type: 'string', value: 'YYYY-MM-DD', summary: 'The date of the signature, instead of today' },
    out: {
      type: 'string',
      value: 'FILE',
      summary:
        'Where the signature goes, instead of NAME.sig beside the image; with --prepare, instead of NAME.tosign; for an enclave file, the signed copy',
    },
  },
  examples: [
    { command: 'enclos sign --key signing.key.pem', summary: 'Sign the project in this folder' },
    {
      command: 'enclos sign vault.sgxs --key release.pem --date 2026-01-31',
      summary: 'Sign an image, with a given date',
    },
    {
      command: 'enclos sign enclave.signed.so --key release.pem --out ours.signed.so',
      summary: 'Sign an enclave of another SDK as yours',
    },
    { command: 'enclos sign --prepare vault.sgxs', summary: 'Prepare an image for a key in a device' },
    {
      command: 'enclos sign vault.sgxs --attach vault.signature --public-key release.pub.pem',
      summary: 'Attach the signature of the device',
    },
  ],
  exitCodes: { 3: 'The signed bytes are not those of this image, or the signature does not fit the key.' },
  async run({ arguments: { target }, options }, { io, path, progress }): Promise<SignOutcome | PreparedSigning> {
    const { key, relayed, prepare, attach, 'public-key': publicKey, prepared, date, out } = options;
    if ([key !== undefined, prepare, attach !== undefined].filter(Boolean).length !== 1) {
      refuseUsage('Give one of --key FILE, --prepare, or --attach FILE.', usage);
    }
    if (attach === undefined && (publicKey ?? prepared) !== undefined) {
      refuseUsage('--public-key and --prepared go with --attach.', usage);
    }
    const to = { target: path(target), relayed, outFile: path(out) };
    if (attach === undefined) {
      const dated = { ...to, ...dateOf(date, io) };
      return progress.during<SignOutcome | PreparedSigning>('signing', () =>
        key === undefined ? prepareSigning(dated) : sign({ ...dated, keyFile: path(key) }),
      );
    }
    if (publicKey === undefined) refuseUsage('--attach needs --public-key FILE.', usage);
    if (date !== undefined) refuseUsage('The signed bytes already have a date: leave out --date with --attach.', usage);
    return attachSigning({
      ...to,
      signatureFile: path(attach),
      publicKeyFile: path(publicKey),
      preparedFile: path(prepared),
    });
  },
  human(outcome, printer) {
    if ('prepared' in outcome) renderPrepared(outcome, printer);
    else renderSigned(outcome, printer);
  },
  json: (outcome) => outcome,
});

const usage = 'enclos sign [FOLDER|IMAGE] --key FILE | --prepare | --attach FILE --public-key FILE';

function renderSigned(outcome: SignOutcome, printer: Printer): void {
  const { signature, mrEnclave, mrSigner, productId, securityVersion, debug, modeIsOpen, date } = outcome;
  const mode = modeIsOpen ? 'debug or production' : debug ? 'debug' : 'production';
  printer.line(`${printer.paint('green', '✔')} signed ${signature}`);
  printer.line(`  MRENCLAVE  ${printer.paint('cyan', mrEnclave)}`);
  printer.line(`  MRSIGNER   ${printer.paint('cyan', mrSigner)}`);
  printer.line(`  product ${productId}, security version ${securityVersion}, ${mode}, dated ${date}`);
}

function renderPrepared(outcome: PreparedSigning, printer: Printer): void {
  printer.line(`${printer.paint('green', '✔')} prepared ${outcome.prepared}: sign exactly these 256 bytes`);
  for (const line of summaryLines(outcome)) printer.line(`  ${line}`);
}

function dateOf(
  given: string | undefined,
  io: Io,
): { readonly date: Date; readonly sourceDateEpoch?: string | undefined } {
  if (given !== undefined) return { date: parseDate(given) };
  return { date: io.now(), sourceDateEpoch: io.env['SOURCE_DATE_EPOCH'] };
}

/** @throws CLI_USAGE unless it is a day of the calendar. */
function parseDate(text: string): Date {
  if (!isCalendarDay(text)) refuseUsage(`--date is a day such as 2026-01-31, not ${JSON.stringify(text)}.`);
  return new Date(`${text}T00:00:00Z`);
}
