import { sign } from '../actions/sign.ts';
import { defineCommand } from '../command.ts';
import { refuseUsage } from '../failure.ts';

export const command = defineCommand({
  description:
    'Writes the SIGSTRUCT (1808 bytes) of an image: who signs it, which product it is and which security version. A platform loads an image only with a signature over its exact measurement. The same image, key and date give the same bytes; SOURCE_DATE_EPOCH sets the date.\n\nGive a project folder to use the `attributes` of its enclave.json; an image by itself is signed without KSS.',
  arguments: { target: { value: 'FOLDER|IMAGE', summary: 'A project that is built, or an image', default: '.' } },
  options: {
    key: { type: 'string', value: 'FILE', summary: 'The signing key, PEM', required: true },
    date: { type: 'string', value: 'YYYY-MM-DD', summary: 'The date of the signature, in place of today' },
    out: { type: 'string', value: 'FILE', summary: 'Where the signature goes, in place of NAME.sig beside the image' },
  },
  examples: [
    { command: 'enclos sign --key signing.key.pem', summary: 'Sign the project in this folder' },
    {
      command: 'enclos sign vault.sgxs --key release.pem --date 2026-01-31',
      summary: 'Sign an image, with a given date',
    },
  ],
  exitCodes: {},
  async run({ arguments: { target }, options: { key, date, out } }, { io, path }) {
    return sign({
      target: path(target),
      keyFile: path(key),
      ...(out === undefined ? {} : { outFile: path(out) }),
      ...(date === undefined
        ? { date: io.now(), sourceDateEpoch: io.env['SOURCE_DATE_EPOCH'] }
        : { date: parseDate(date) }),
    });
  },
  human(outcome, printer) {
    const { signature, mrEnclave, mrSigner, productId, securityVersion, debug, date } = outcome;
    printer.line(`${printer.paint('green', '✔')} signed ${signature}`);
    printer.line(`  MRENCLAVE  ${printer.paint('cyan', mrEnclave)}`);
    printer.line(`  MRSIGNER   ${printer.paint('cyan', mrSigner)}`);
    printer.line(
      `  product ${productId}, security version ${securityVersion}, ${debug ? 'debug' : 'production'}, dated ${date}`,
    );
  },
  json: (outcome) => outcome,
});

/** @throws CLI_USAGE unless it is a day of the calendar. */
function parseDate(text: string): Date {
  const date = new Date(`${text}T00:00:00Z`);
  const isDay =
    /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
  if (!isDay) refuseUsage(`--date is a day such as 2026-01-31, not ${JSON.stringify(text)}.`);
  return date;
}
