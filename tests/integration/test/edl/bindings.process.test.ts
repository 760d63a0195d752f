import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { repository } from '@enclos/process-kit/processes/programs';
import type { BoundInterface, OcallServer, SgxCalls } from '@enclos/edl-calls/host';
import { FakeEnclave, type InsideCode } from './fake-enclave.ts';

const modules = join(repository, 'node_modules');
const folder = mkdtempSync(join(tmpdir(), 'enclos-edl-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, ...argv: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...argv], { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
  return stdout;
}
const enclos = (...argv: readonly string[]): string => run(join(repository, 'packages/cli/bin/enclos.js'), ...argv);

const edl = `enclave {
    enum level { DEBUG, INFO, WARNING };
    struct point { int32_t x; int32_t y; };
    trusted {
        public int64_t sum([in, count=n] const int32_t* values, size_t n);
        public int move([in, out] struct point* point, int32_t dx);
        public uint32_t greet([in, string] const char* name, [out, size=room] char* text, size_t room);
    };
    untrusted {
        int64_t log_line([in, string] const char* line, enum level level);
    };
};
`;

/** What a team writes: typed calls and typed handlers. Each expected error is one that the compiler has to find. */
const program = `
import { createSampleEcalls, level, serveSampleOcalls, type Ocalls, type point } from './sample.edl.ts';
import type { SgxCalls } from '@enclos/edl-calls/host';

export const lines: string[] = [];
const handlers: Ocalls = {
  log_line({ line, level: given }) {
    lines.push(\`\${given === level.INFO ? 'info' : 'other'}: \${line}\`);
    return line?.length ?? 0;
  },
};
export const server = serveSampleOcalls(handlers);

export async function use(calls: SgxCalls) {
  const ecalls = createSampleEcalls(calls);
  const sum: bigint = await ecalls.sum({ values: new Int32Array([1, 2, -40]) });
  const start: point = { x: 1, y: 2 };
  const moved: { readonly result: number; readonly point: point | null } = await ecalls.move({ point: start, dx: 41 });
  const greeted = await ecalls.greet({ name: 'Ada Łovelace', room: 64 });
  const text: Uint8Array = greeted.text;
  return { sum, moved, text, length: greeted.result };
}

export async function misuse(calls: SgxCalls): Promise<void> {
  const ecalls = createSampleEcalls(calls);
  // @ts-expect-error bytes are not ints
  await ecalls.sum({ values: new Uint8Array(4) });
  // @ts-expect-error the size of what comes back has to be given
  await ecalls.greet({ name: 'a' });
  // @ts-expect-error a member is missing
  await ecalls.move({ point: { x: 1 }, dx: 1 });
  // @ts-expect-error OCALLs are not called by the host
  await ecalls.log_line({ line: 'a', level: 0 });
  // @ts-expect-error a handler is missing
  serveSampleOcalls({});
}
`;

interface Program {
  readonly lines: string[];
  readonly server: OcallServer;
  readonly use: (calls: SgxCalls) => Promise<unknown>;
}

let used: Program;
let bound: BoundInterface;

before(async () => {
  symlinkSync(modules, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'sample.edl'), edl);
  writeFileSync(join(folder, 'use.ts'), program);
  enclos('edl', 'gen', 'sample.edl', '--out', 'sample.edl.ts');
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023'],
    module: 'nodenext',
    types: [],
    skipLibCheck: true,
    outDir: 'out',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    noImplicitReturns: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  run(join(modules, 'typescript/bin/tsc'), '--pretty', 'false');
  const load = (name: string): Promise<unknown> => import(pathToFileURL(join(folder, 'out', name)).href);
  // The types of what was just compiled are those that the program names.
  used = (await load('use.js')) as Program;
  bound = ((await load('sample.edl.js')) as { readonly sampleInterface: BoundInterface }).sampleInterface;
});

const inside: InsideCode = [
  ({ field, at, answer }) => {
    const count = Number(field('n').getBigUint64(0, true));
    const view = viewOf(at('values', count * 4));
    let sum = 0n;
    for (let i = 0; i < count; i++) sum += BigInt(view.getInt32(i * 4, true));
    answer(sum);
  },
  ({ field, at, answer }) => {
    const point = viewOf(at('point', 8));
    point.setInt32(0, point.getInt32(0, true) + field('dx').getInt32(0, true), true);
    answer(1n);
  },
  async ({ field, at, answer, ocall }) => {
    const name = at('name', Number(field('name_len').getBigUint64(0, true)) - 1);
    const line = `hello ${Buffer.from(name).toString()}`;
    const length = await ocall(0, line, { level: 1 });
    const text = at('text', Number(field('room').getBigUint64(0, true)));
    text.set(Buffer.from(line));
    answer(length);
  },
];

for (const abi of ['intel', 'oe'] as const) {
  test(`a generated module calls and serves an enclave of ${abi}`, async () => {
    used.lines.length = 0;
    const enclave = new FakeEnclave(bound.model, { abi, code: inside, server: used.server });
    const text = new Uint8Array(64);
    text.set(Buffer.from('hello Ada Łovelace'));
    assert.deepEqual(await used.use(enclave), {
      sum: -37n,
      moved: { result: 1, point: { x: 42, y: 2 } },
      text,
      length: 'hello Ada Łovelace'.length,
    });
    assert.deepEqual(used.lines, ['info: hello Ada Łovelace']);
    assert.deepEqual(enclave.freed, []);
  });
}

test('the module is the same wherever it is made, and names no place of this machine', () => {
  const first = readFileSync(join(folder, 'sample.edl.ts'), 'utf8');
  assert.equal(enclos('edl', 'gen', join(folder, 'sample.edl')), first);
  assert.ok(!first.includes(tmpdir()) && !first.includes(repository));
  enclos('edl', 'gen', 'sample.edl', '--out', 'sample.edl.ts', '--check');
});

function viewOf({ buffer, byteOffset, length }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, length);
}
