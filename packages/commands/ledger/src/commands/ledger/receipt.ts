import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { requireFolderOf } from '@enclos/cli-frame/files';
import { durable } from '@enclos/durable';
import { isEnclosError } from '@enclos/errors';
import { makeReceipt, readReceipt, readTransactionId, verifyReceipt, writeTransactionId } from '@enclos/ledger/proof';
import { keyOptions, keysIn, serviceOption, servicesIn } from '../../ledger/keys.ts';
import { openChunks } from '../../ledger/open.ts';
import { nodeTools } from '../../ledger/tools.ts';

export const command = defineCommand({
  description: [
    'Makes the receipt of a transaction from the files of a ledger, as the service gives it: the proof to the next signature, with the signature.',
    'A receipt shows the evidence of commit, which only the ledger secret gives: so it needs --member-key or --secret.',
    '',
    'With --service-certificate the receipt is verified before it is written.',
  ],
  arguments: { paths: { value: 'PATH', summary: 'Folders, or files of a ledger', required: true, multiple: true } },
  options: {
    transaction: { type: 'string', value: 'ID', required: true, summary: 'The transaction, such as 2.18' },
    format: {
      type: 'string',
      value: 'FORM',
      choices: ['json', 'cose'],
      default: 'json',
      summary: 'json has the signature of a node, cose that of the service',
    },
    out: { type: 'string', value: 'FILE', required: true, summary: 'The file to write' },
    'service-certificate': serviceOption,
    ...keyOptions,
  },
  examples: [
    {
      command:
        'enclos ledger receipt ledger --transaction 2.18 --member-key member0_enc_privk.pem --service-certificate service_cert.pem --out receipt.json',
      summary: 'Make a receipt, and verify it',
    },
  ],
  exitCodes: { 3: 'The keys do not open the ledger, or the receipt does not hold.' },
  async run({ arguments: { paths }, options: given }, context) {
    if (paths.length === 0) refuseUsage('Give a folder, or files of a ledger.');
    const transactionId = idIn(given.transaction);
    const out = context.path(given.out);
    await requireFolderOf(out);
    const services = await servicesIn(given['service-certificate'], context);
    const files = await openChunks(paths.map(context.path));
    const { bytes, signatureId } = await context.progress.during('reading the ledger', async () => {
      const keys = await keysIn(given, files, context);
      const request = { transactionId, form: given.format, ...(keys === undefined ? {} : { keys }) };
      return makeReceipt(files, request, nodeTools);
    });
    if (services.length > 0) await verifyReceipt(readReceipt(bytes), { services }, nodeTools);
    await durable.replace(out, bytes, { mode: 0o644 });
    return {
      file: out,
      transactionId: writeTransactionId(transactionId),
      signatureId: writeTransactionId(signatureId),
      verified: services.length > 0,
    };
  },
  human: ({ file, transactionId, signatureId, verified }, printer) => {
    printer.line(`Wrote the receipt of ${transactionId}, signed in ${signatureId}, to ${file}.`);
    if (!verified) printer.line('It was not verified: give --service-certificate.');
  },
  json: (made) => made,
});

function idIn(text: string): ReturnType<typeof readTransactionId> {
  try {
    return readTransactionId(text);
  } catch (error) {
    if (!isEnclosError(error, 'LEDGER_INVALID')) throw error;
    return refuseUsage('--transaction is an identifier such as 2.18.');
  }
}
