import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { grouped, printable, wholeNumberIn, type Printer } from '@enclos/command-line';
import { readLedger, type LedgerKeys } from '@enclos/ledger/proof';
import { privateWrites, type LedgerEntry, type WriteSet } from '@enclos/ledger';
import { keyOptions, keysIn } from '../../ledger/keys.ts';
import { openChunks } from '../../ledger/open.ts';
import { showTransaction, wordsOf, type ShownTransaction } from '../../ledger/values.ts';

const mostTransactions = 10_000;
const shownValueCharacters = 400;

export const command = defineCommand({
  description: [
    'Shows what transactions of a ledger wrote. Nothing is verified: use `enclos ledger verify` first.',
    'Values are text where they are printable, and base64 otherwise.',
  ],
  arguments: { paths: { value: 'PATH', summary: 'Folders, or files of a ledger', required: true, multiple: true } },
  options: {
    from: { type: 'string', value: 'SEQNO', default: '1', summary: 'The first transaction' },
    to: { type: 'string', value: 'SEQNO', summary: 'The last one' },
    map: {
      type: 'string',
      value: 'NAME',
      multiple: true,
      summary: 'Only transactions that wrote this map, and only it',
    },
    values: { type: 'boolean', summary: 'Show keys and values too' },
    ...keyOptions,
  },
  examples: [
    { command: 'enclos ledger show ledger', summary: 'List the transactions and their maps' },
    {
      command: 'enclos ledger show ledger --map public:ccf.gov.proposals --values',
      summary: 'Show every proposal',
    },
  ],
  exitCodes: {},
  async run({ arguments: { paths }, options: given }, context) {
    if (paths.length === 0) refuseUsage('Give a folder, or files of a ledger.');
    const [from, to] = [seqnoIn('--from', given.from), given.to === undefined ? Infinity : seqnoIn('--to', given.to)];
    if (from > to) refuseUsage(`--from ${from} is after --to ${to}.`);
    const files = await openChunks(paths.map(context.path));
    const transactions: ShownTransaction[] = [];
    let closed = 0;
    let last = 0;
    await context.progress.during('reading the ledger', async () => {
      const keys = await keysIn(given, files, context);
      for await (const { entry, ...place } of readLedger(files)) {
        last = entry.seqno;
        if (entry.seqno < from || entry.seqno > to) continue;
        const shown = showTransaction(entry, place, openedBy(keys, entry), given.map);
        if (shown.privateBytes > 0 && !shown.privateOpened) closed++;
        if (given.map.length > 0 && shown.maps.length === 0) continue;
        if (transactions.length === mostTransactions) {
          refuseUsage(`More than ${mostTransactions} transactions: give --from and --to, or use enclos ledger export.`);
        }
        transactions.push(shown);
      }
    });
    return { transactions, values: given.values, closed, last };
  },
  human: ({ transactions, values, closed, last }, printer) => {
    if (transactions.length === 0) {
      printer.line(`No transaction matches. The files end with seqno ${last}.`);
      if (closed > 0) {
        const parts = closed === 1 ? '1 private part was' : `${grouped(closed)} private parts were`;
        printer.line(`${parts} not opened: give --member-key or --secret to look into them.`);
      }
    }
    for (const transaction of transactions) renderTransaction(transaction, values, printer);
  },
  json: ({ transactions }) => ({ transactions }),
});

/** The private part, where its key is known. @throws LEDGER_SECRET_WRONG */
export function openedBy(keys: LedgerKeys | undefined, entry: LedgerEntry): WriteSet | undefined {
  const known = keys?.(entry.seqno);
  return known === undefined ? undefined : privateWrites(entry, known.cipher);
}

function seqnoIn(name: string, text: string): number {
  return (
    wholeNumberIn(text, { least: 1, most: Number.MAX_SAFE_INTEGER }) ??
    refuseUsage(`${name} is a seqno: a whole number from 1.`)
  );
}

function renderTransaction(transaction: ShownTransaction, values: boolean, printer: Printer): void {
  const { transactionId, sizeBytes, maps, privateBytes, privateOpened, claimsDigest } = transaction;
  const closed = privateBytes > 0 && !privateOpened ? `, ${grouped(privateBytes)} bytes private` : '';
  printer.line(`${printer.paint('bold', transactionId)}  ${grouped(sizeBytes)} bytes${closed}`);
  if (claimsDigest !== null) printer.line(`  claims ${claimsDigest}`);
  for (const { name, writes, removes } of maps) {
    const counts = [`${writes.length} written`, ...(removes.length === 0 ? [] : [`${removes.length} removed`])];
    printer.line(`  ${printable(name)}  ${printer.paint('dim', counts.join(', '))}`);
    if (!values) continue;
    for (const { key, value } of writes) printer.line(`    ${cut(wordsOf(key))} = ${cut(wordsOf(value))}`);
    for (const key of removes) printer.line(`    ${cut(wordsOf(key))} removed`);
  }
}

function cut(text: string): string {
  const shown = printable(text.slice(0, shownValueCharacters));
  return text.length > shownValueCharacters ? `${shown} … (${grouped(text.length)} characters, see --json)` : shown;
}
