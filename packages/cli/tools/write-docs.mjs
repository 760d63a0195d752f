// Writes docs/reference/cli.md from the command registry. A test fails when the page is out of date.
import { writeFile } from 'node:fs/promises';
import { cliPage } from '../dist/test/docs-page.js';

await writeFile(new URL('../../../docs/reference/cli.md', import.meta.url), await cliPage());
