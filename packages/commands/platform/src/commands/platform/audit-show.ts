import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { printable, wholeNumberIn } from '@enclos/command-line';
import { showAuditLog } from './audit.ts';

const most = 100_000;

export const command = defineCommand({
  description: [
    'Shows the last records of an audit log, oldest first, as far as its chain holds.',
    'A `count` says how many more records of that kind there were within one second.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The audit log', required: true } },
  options: {
    event: { type: 'string', value: 'EVENT', multiple: true, summary: 'Only this event, such as enclave-launched' },
    enclave: { type: 'string', value: 'NUMBER', summary: 'Only this enclave, as the log numbers it: 3.1' },
    last: { type: 'string', value: 'COUNT', default: '50', summary: 'How many records' },
  },
  examples: [
    { command: 'enclos platform audit show audit.log', summary: 'The last fifty records' },
    { command: 'enclos platform audit show audit.log --event egetkey --enclave 3.1', summary: 'Keys of one enclave' },
  ],
  exitCodes: { 3: 'The log is not whole: the records before the break are shown.' },
  async run({ arguments: { file }, options: { event, enclave, last } }, { path }) {
    const count = wholeNumberIn(last, { least: 1, most });
    return showAuditLog({
      file: path(file),
      events: event,
      last: count ?? refuseUsage(`--last is a number from 1 to ${most}.`),
      enclave,
    });
  },
  human({ records }, printer) {
    for (const { seq, time, event, fields } of records) {
      const facts = Object.entries(fields).map(
        ([name, value]) => `  ${printer.paint('dim', `${name}=`)}${printable(String(value))}`,
      );
      printer.line(`${String(seq).padStart(6)}  ${time}  ${printer.paint('bold', event)}${facts.join('')}`);
    }
  },
  json: ({ records }) => ({ records }),
  failure: ({ broken }) => broken,
});
