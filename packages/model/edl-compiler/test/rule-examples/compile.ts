import { type Compilation, compileEdl, type DialectChoice, warningFamilies } from '../../src/index.ts';
import type { RuleExample } from './example.ts';

// Warnings only when they are what is looked at: examples of errors are not held to them.
const silent = Object.fromEntries(Object.keys(warningFamilies).map((family) => [family, 'off' as const]));

/** Compiles what an example refuses, or what it accepts. */
export function compileExample(
  example: RuleExample,
  {
    part,
    dialect,
    family,
  }: { readonly part: 'refused' | 'accepted'; readonly dialect: DialectChoice; readonly family?: string | undefined },
): Compilation {
  // The name of a file is wrong or right beside what stands in it.
  const file = part === 'refused' ? (example.name ?? 'a.edl') : 'a.edl';
  const text = example.whole === true ? example[part] : `enclave {\n    ${example[part]}\n};\n`;
  const texts = new Map(Object.entries({ ...example.files, [file]: text }));
  const families = { ...silent, ...(family === undefined ? {} : { [family]: 'warning' as const }) };
  return compileEdl({ file, read: (path) => texts.get(path), dialect, warnings: { families } });
}
