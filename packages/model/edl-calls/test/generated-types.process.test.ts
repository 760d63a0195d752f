import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { EdlModel, FunctionModel } from '@enclos/edl-compiler';
import { type EdlValue, generateTypeScript } from '../src/index.ts';
import { randomModels } from './random-models.ts';
import { Random } from './reference/random.ts';
import { randomArguments, randomOutputs, RandomValues, type Values } from './reference/random-values.ts';

const models = 30;
/** From dist/test. */
const modules = fileURLToPath(new URL('../../../../../node_modules', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'enclos-edl-types-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A value as TypeScript. */
function literal(value: EdlValue | undefined): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (value === undefined || value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  if (ArrayBuffer.isView(value)) {
    const items = Array.from(value as Iterable<number | bigint>, literal);
    return `new ${value.constructor.name}([${items.join(', ')}])`;
  }
  if (Array.isArray(value)) return `[${value.map((item: EdlValue) => literal(item)).join(', ')}]`;
  return `{ ${Object.entries(value as Values)
    .map(([name, item]) => `${name}: ${literal(item)}`)
    .join(', ')} }`;
}

const directionOf = (call: FunctionModel, name: string): string | undefined => {
  const passing = call.parameters.find((parameter) => parameter.name === name)?.passing;
  return passing !== undefined && 'direction' in passing ? passing.direction : undefined;
};

/** Constants of what a call takes and gives, as the reference model of the SDKs has them. */
function constants(
  model: EdlModel,
  call: FunctionModel,
  { side, random }: { side: 'Ecalls' | 'Ocalls'; random: Random },
): string[] {
  const values = randomArguments(call, model, { random, depth: 5 });
  const outputs = randomOutputs(call, model, { values, random, depth: 5 });
  const type = `${side}['${call.name}']`;
  const lines: string[] = [];
  const given = Object.entries(values).filter(([name]) => directionOf(call, name) !== 'out');
  if (given.length > 0) {
    lines.push(`export const ${call.name}_given: Parameters<${type}>[0] = ${literal(Object.fromEntries(given))};`);
  }
  const names = call.parameters
    .map(({ name }) => name)
    .filter((name) => !['in', undefined].includes(directionOf(call, name)));
  // An ECALL's memory that is only `out` is always there.
  if (side === 'Ecalls' && names.some((name) => directionOf(call, name) === 'out' && values[name] === null)) {
    return lines;
  }
  const isVoid = call.returns.kind === 'basic' && call.returns.name === 'void';
  const returned = isVoid ? undefined : new RandomValues(model, random).value(call.returns);
  const isPlain = names.length === 0 && !('propagatesErrno' in call && call.propagatesErrno === true);
  const result = {
    ...(isVoid ? {} : { result: returned ?? null }),
    ...Object.fromEntries(names.map((name) => [name, outputs[name] ?? null])),
  };
  const text = isPlain ? (isVoid ? 'undefined' : literal(returned)) : literal(result);
  lines.push(`export const ${call.name}_result: Awaited<ReturnType<${type}>> = ${text};`);
  return lines;
}

test('every value that the reference model of the SDKs makes has the type that the generated module gives it', () => {
  const seed = Number(process.env['ENCLOS_TEST_SEED'] ?? 11);
  const random = new Random(seed);
  const sample = fc.sample(randomModels({ hasDeepOutput: true }), { seed, numRuns: models });
  const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
  let count = 0;
  for (const [index, model] of sample.entries()) {
    writeFileSync(join(folder, `m${index}.edl.ts`), generateTypeScript(model, { sha256 }));
    const lines = [
      ...model.ecalls.flatMap((call) => constants(model, call, { side: 'Ecalls', random })),
      ...model.ocalls.flatMap((call) => constants(model, call, { side: 'Ocalls', random })),
    ];
    count += lines.length;
    writeFileSync(
      join(folder, `u${index}.ts`),
      `import type { Ecalls, Ocalls } from './m${index}.edl.ts';\nexport type Both = Ecalls & Ocalls;\n${lines.join('\n')}\n`,
    );
  }
  assert.ok(count > models * 4);
  // A wrong one is found: bytes in the place of a number.
  writeFileSync(
    join(folder, 'wrong.ts'),
    "import type { SgxCalls } from '@enclos/edl-calls/host';\n// @ts-expect-error\nexport const abi: SgxCalls['abi'] = new Uint8Array();\n",
  );
  symlinkSync(modules, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'nodenext',
    types: [],
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    erasableSyntaxOnly: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const compiler = join(modules, 'typescript/bin/tsc');
  const { stdout, status } = spawnSync(process.execPath, [compiler, '--pretty', 'false'], {
    cwd: folder,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `seed ${seed}\n${stdout.slice(0, 4000)}`);
});
