import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EdlModel } from '@enclos/edl-compiler';
import { layoutOf, type StructLayout } from '../../src/index.ts';
import { compileC, compilerTest } from '../c/compiler.ts';
import { declarationsOf, headers } from '../c/declarations.ts';
import { randomModels } from '../random-models.ts';

const models = 40;

/** `NAME bytes alignment` and `FIELD offset bytes`, as our program prints them. */
function linesOf(layouts: readonly (StructLayout | undefined)[]): string[] {
  return layouts.flatMap((layout) =>
    layout === undefined
      ? []
      : [
          `${layout.name} ${layout.bytes} ${layout.alignment}`,
          ...layout.fields.map(({ name, offset, bytes }) => `${name} ${offset} ${bytes}`),
        ],
  );
}

function layoutsOf(model: EdlModel): (StructLayout | undefined)[] {
  const { composites, intel, oe } = layoutOf(model);
  return [...composites, ...intel.ecalls, ...intel.ocalls, ...oe.ecalls, ...oe.ocalls];
}

/** A function of C that prints these layouts as C sees them. */
function printer(model: EdlModel, index: number): string {
  const lines = layoutsOf(model).flatMap((layout) => {
    if (layout === undefined) return [];
    const { name, fields } = layout;
    return [
      `  printf("${name} %zu %zu\\n", sizeof(${name}), _Alignof(${name}));`,
      ...fields.map(
        (field) =>
          `  printf("${field.name} %zu %zu\\n", offsetof(${name}, ${field.name}), sizeof(((${name}*)0)->${field.name}));`,
      ),
    ];
  });
  // Each model's declarations are local to its function.
  return `static void print${index}(void) {\n${declarationsOf(model)}${lines.join('\n')}\n}\n`;
}

compilerTest('sizes, alignments and offsets are those of gcc, for random interfaces of both SDKs', async (t) => {
  const seed = Number(process.env['ENCLOS_TEST_SEED'] ?? 7);
  const sample = fc.sample(randomModels({ hasDeepOutput: true }), { seed, numRuns: models });
  const program = `${headers}#include <stdio.h>\n${sample.map(printer).join('')}
int main(void) {\n${sample.map((_, i) => `  print${i}();\n`).join('')}  return 0;\n}\n`;
  const compiled = await compileC(program);
  t.after(compiled.remove);
  const printed = (await compiled.run()).printed.trimEnd().split('\n');
  const ours = sample.flatMap((model) => linesOf(layoutsOf(model)));
  assert.ok(ours.length > models * 10);
  assert.deepEqual(printed, ours);
});
