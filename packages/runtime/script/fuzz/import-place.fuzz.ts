import { importPlace } from '../src/quickjs/import-place.ts';

const text = (source: string): Uint8Array => new Uint8Array(Buffer.from(source));

export const seeds: readonly Uint8Array[] = [
  text(`import { none as other } from '../lib.js';\nexport { default } from "./lib.js";\n`),
  text(`// from './lib.js'\nimport none, { some, none } from './../lib.js'; import './lib.js'`),
];

/** Any source has a place for an import that does not link, within it, or none. */
export function fuzz(data: Uint8Array): void {
  const source = Buffer.from(data).toString('latin1');
  const [name = ''] = source.split(/\W/, 1);
  for (const message of [
    `export '${name}' in module '/lib.js'`,
    `export 'none' in module '/lib.js'`,
    `could not load module '/lib.js'`,
  ]) {
    const place = importPlace(message, [{ name: '/app.js', source }]);
    if (place === undefined) continue;
    const [, line, column] = /^\/app\.js:(\d+):(\d+)$/.exec(place) ?? [];
    const found = source.split('\n')[Number(line) - 1];
    if (found === undefined || Number(column) < 1 || Number(column) > found.length) {
      throw new Error(`${place} is not in the source.`);
    }
  }
}
