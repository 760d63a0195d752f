import { defineCommand, refuseUsage, type CommandContext } from '@enclos/cli-frame';
import { requireFolderOf } from '@enclos/cli-frame/files';
import { utf8 } from '@enclos/codec';
import { grouped } from '@enclos/command-line';
import { durable } from '@enclos/durable';
import { readLedger, type LedgerFile } from '@enclos/ledger/proof';
import { keyOptions, keysIn, type KeyOptions } from '../../ledger/keys.ts';
import { openChunks } from '../../ledger/open.ts';
import { showTransaction } from '../../ledger/values.ts';
import { openedBy } from './show.ts';

export const command = defineCommand({
  description: [
    'Writes every transaction of a ledger as one line of JSON, as `enclos ledger show --json` has it.',
    'Nothing is verified: use `enclos ledger verify` first. With keys, the file holds what was private.',
  ],
  arguments: { paths: { value: 'PATH', summary: 'Folders, or files of a ledger', required: true, multiple: true } },
  options: {
    out: { type: 'string', value: 'FILE', required: true, summary: 'The file to write', extensions: ['jsonl'] },
    map: { type: 'string', value: 'NAME', multiple: true, summary: 'Only what was written to this map' },
    ...keyOptions,
  },
  examples: [
    { command: 'enclos ledger export ledger --out ledger.jsonl', summary: 'Write what is public' },
    {
      command: 'enclos ledger export ledger --member-key member0_enc_privk.pem --map records --out records.jsonl',
      summary: 'Write the history of a private map',
    },
  ],
  exitCodes: { 3: 'The keys do not open the ledger.' },
  async run({ arguments: { paths }, options: given }, context) {
    if (paths.length === 0) refuseUsage('Give a folder, or files of a ledger.');
    const out = context.path(given.out);
    await requireFolderOf(out);
    const files = await openChunks(paths.map(context.path));
    const counter = { transactions: 0 };
    await context.progress.during('writing the transactions', () =>
      durable.replace(out, linesOf(files, given, context, counter)),
    );
    return { file: out, transactions: counter.transactions };
  },
  human: ({ file, transactions }, printer) => printer.line(`Wrote ${grouped(transactions)} transactions to ${file}.`),
  json: (written) => written,
});

interface ExportOptions extends KeyOptions {
  readonly map: readonly string[];
}

async function* linesOf(
  files: readonly LedgerFile[],
  given: ExportOptions,
  context: CommandContext,
  counter: { transactions: number },
): AsyncGenerator<Uint8Array> {
  const keys = await keysIn(given, files, context);
  for await (const { entry, ...place } of readLedger(files)) {
    const shown = showTransaction(entry, place, openedBy(keys, entry), given.map);
    if (given.map.length > 0 && shown.maps.length === 0) continue;
    counter.transactions++;
    yield utf8(`${JSON.stringify(shown)}\n`);
  }
}
