import { defineCommand } from '@enclos/cli-frame';
import { stateFolderOf } from '@enclos/cli-frame/options';
import { renderFacts } from '@enclos/cli-frame/output';
import { stateFolders } from '@enclos/software-sgx';
import { publishFiles } from './publish-files.ts';

export const command = defineCommand({
  description: [
    'Writes what others need of a vendor: the collateral that node agents hand out (`--collateral`), and the roots that relying parties list.',
    'Nothing of it is secret. The folder gets `collateral/ROOT.json` for each vendor, `roots/fingerprints` and `roots/roots.pem`.',
    '',
    'Collateral ends after 30 days. This command issues it again when half of that is over: run it once a day.',
    'To change to a new vendor, name both until every machine is enrolled with the new one.',
  ],
  arguments: {},
  options: {
    vendor: {
      type: 'string',
      value: 'DIR',
      multiple: true,
      summary: 'The folder of a vendor, STATE/vendor, instead of that of this user; may be repeated',
    },
    out: { type: 'string', value: 'DIR', required: true, summary: 'The folder to write to' },
  },
  examples: [
    {
      command: 'enclos platform publish --vendor /srv/vendor/vendor --out published',
      summary: 'Write the collateral and the root of one vendor',
    },
    {
      command: 'enclos platform publish --vendor /srv/old/vendor --vendor /srv/new/vendor --out published',
      summary: 'The same for two, during a change of roots',
    },
  ],
  exitCodes: {},
  async run({ options: { vendor, out } }, context) {
    const { io, path } = context;
    const folders =
      vendor.length > 0
        ? vendor.map((folder) => path(folder))
        : [stateFolders(stateFolderOf(undefined, context)).vendorFolder];
    return publishFiles(folders, { outFolder: path(out), now: io.now() });
  },
  human({ vendors, fingerprintsFile, rootsFile }, printer) {
    for (const { rootFingerprint, file, until } of vendors) {
      printer.line(`${printer.paint('bold', 'Vendor')} ${rootFingerprint}`);
      renderFacts(
        [
          ['collateral', file],
          ['until', until],
        ],
        printer,
      );
    }
    printer.line(`Wrote ${fingerprintsFile} and ${rootsFile}.`);
  },
  json: (published) => published,
});
