import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { cliPage } from './docs-page.ts';

// From dist/src, where this module runs.
const path = new URL('../../../../docs/cli.md', import.meta.url);
const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
const page = await cliPage();

if (values.write) await writeFile(path, page);
else if ((await readFile(path, 'utf8')) !== page) {
  process.stderr.write('docs/cli.md is out of date: npm run docs -w @enclos/cli\n');
  process.exitCode = 1;
}
