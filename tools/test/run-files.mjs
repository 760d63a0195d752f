// Imports every test file given on the command line into this one process.
// A process for each file costs ten to thirty times as much (measured), and the
// tests of this repository keep no global state.
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';

for (const file of process.argv.slice(2)) {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    test(`${file} loads`, () => {
      throw error;
    });
  }
}
