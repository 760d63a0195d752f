import { defineCommand, refuseUsage } from '@enclos/cli-frame';
import { parseAnchor } from '@enclos/software-sgx';
import { verifyAuditLog } from './audit.ts';
import { renderAuditSummary } from './render-audit.ts';

export const command = defineCommand({
  description: [
    'Follows the chain of an audit log through all its files.',
    'Each record holds the hash of the record before it, so a changed, removed or inserted line shows.',
    '',
    'Anyone who can write the file can also rewrite all of it, or cut off its end, with a chain that holds.',
    'To detect that, keep the head that this command prints in another place, and give it later as --anchor.',
  ],
  arguments: { file: { value: 'FILE', summary: 'The audit log', required: true } },
  options: {
    anchor: { type: 'string', value: 'SEQ:HASH', summary: 'A head that you noted before: the log must still hold it' },
  },
  examples: [
    { command: 'enclos platform audit verify audit.log', summary: 'Check a log, and print its head' },
    {
      command:
        'enclos platform audit verify audit.log --anchor 1042:7b0f0a43ec2ac4b1b0f2ed0a3ba0b3b0aa0d1d5a3d8b3c9dd6c3ef0dcb1f7f55',
      summary: 'Check that nothing up to record 1042 was rewritten',
    },
  ],
  exitCodes: { 3: 'The log is not whole, or does not hold the anchor.' },
  async run({ arguments: { file }, options: { anchor } }, { path, progress }) {
    const head = anchor === undefined ? undefined : parseAnchor(anchor);
    if (anchor !== undefined && head === undefined) refuseUsage('--anchor is SEQ:HASH, as this command prints it.');
    return progress.during('following the chain', () => verifyAuditLog(path(file), head));
  },
  human: renderAuditSummary,
  json: (summary) => summary,
});
