import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { EcallModel, EdlModel } from '@enclos/edl-compiler';
import { type ArenaImage, arenaMemory, callCodec, imageBytes } from '../../src/index.ts';
import { intelBridge, OeBridges, oeBridgeSource } from '../c/bridges.ts';
import { compileC, compilerTest } from '../c/compiler.ts';
import { declarationsOf, headers } from '../c/declarations.ts';
import { CFunctions, scriptSource } from '../c/functions.ts';
import { Script } from '../c/script.ts';
import { type Abi, base, encodedOf, randomCall } from '../codec-round.ts';
import { randomModels } from '../random-models.ts';

const models = 8;
const seeds = 6;
const depths = { intel: 0, oe: 5 };

/** Puts an image to its address, makes the call, and writes what was printed and what is left of the image. */
const mainSource = (ecalls: readonly EcallModel[]): string => `
static uint64_t word(FILE* from) { uint64_t value; if (fread(&value, 8, 1, from) != 1) abort(); return value; }
int main(int count, char** arguments) {
  FILE* input = fopen(arguments[1], "rb");
  FILE* output = fopen(arguments[2], "wb");
  for (uint64_t left = word(input); left > 0; left--) {
    uint64_t index = word(input), start = word(input), bytes = word(input);
    char* arena = mmap((void*)${base}, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (arena != (char*)${base} || bytes > SPARE_AT || fread(arena, 1, bytes, input) != bytes) abort();
    spare = arena + SPARE_AT;
    for (uint64_t pointers = word(input); pointers > 0; pointers--) {
      uint64_t at = word(input), target = word(input);
      *(char**)(arena + at) = arena + target;
    }
    uint64_t length = word(input);
    unsigned char* text = calloc(1, length + 256);
    if (fread(text, 1, length, input) != length) abort();
    script = text;
    char* lines;
    size_t line_bytes;
    printed = open_memstream(&lines, &line_bytes);
    switch (index) {
${ecalls.map(({ name }, i) => `      case ${i}: bridge_${name}(arena + start); break;\n`).join('')}    }
    fclose(printed);
    if (script != text + length) abort();
    uint64_t sizes[] = { line_bytes };
    fwrite(sizes, 8, 1, output);
    fwrite(lines, 1, line_bytes, output);
    fwrite(arena, 1, ARENA_BYTES, output);
    munmap(arena, ARENA_BYTES);
  }
  return fclose(output);
}
`;

const arenaBytes = 1 << 18;
const spareAt = 1 << 17;

function programOf(model: EdlModel, abi: Abi): string {
  const functions = new CFunctions(model, depths[abi]);
  const oe = new OeBridges(model);
  return [
    '#define _GNU_SOURCE\n',
    headers,
    '#include <stdio.h>\n#include <sys/mman.h>\n',
    `#define ARENA_BYTES ${arenaBytes}\n#define SPARE_AT ${spareAt}\n`,
    declarationsOf(model),
    scriptSource,
    'static char* spare;\n',
    oeBridgeSource,
    ...model.ecalls.map((call) => functions.define(call)),
    ...model.ecalls.map((call) => (abi === 'intel' ? intelBridge(call) : oe.define(call))),
    mainSource(model.ecalls),
  ].join('');
}

const words = (...values: readonly (number | bigint)[]): Uint8Array =>
  new Uint8Array(BigUint64Array.from(values, BigInt).buffer);

function requestOf(index: number, image: ArenaImage, script: Uint8Array): Uint8Array {
  const { pointers, start } = image;
  const bytes = Buffer.concat([image.bytes], imageBytes(image));
  const pairs = pointers.flatMap(({ at, target }) => [at, target]);
  return Buffer.concat([
    words(index, start, bytes.length),
    bytes,
    words(pointers.length, ...pairs),
    words(script.length),
    script,
  ]);
}

const noImage: ArenaImage = { bytes: new Uint8Array(), pointers: [], start: 0 };

for (const abi of ['intel', 'oe'] satisfies Abi[]) {
  compilerTest(`C finds the values of ECALLs of ${abi} in their images, and its answers are decoded`, async (t) => {
    const sample = fc.sample(randomModels({ hasDeepOutput: abi === 'oe' }), {
      seed: Number(process.env['ENCLOS_TEST_SEED'] ?? 11),
      numRuns: models,
    });
    for (const model of sample) {
      const program = await compileC(programOf(model, abi));
      t.after(program.remove);
      const codec = callCodec(model, { abi });
      const calls = model.ecalls.flatMap((call, index) =>
        Array.from({ length: seeds }, (_, seed) => seed).flatMap((seed) => {
          const random = randomCall(model, call, { abi, seed });
          const encoded = encodedOf(() => codec.ecalls[index]?.encodeArguments(random.given));
          if (encoded === 'skipped') return [];
          assert.ok(encoded);
          const expected = new Script(model, depths[abi]);
          expected.printed(call, random.all);
          const script = new Script(model, depths[abi]);
          script.loaded(call, random.answer);
          return [
            {
              random,
              encoded,
              expected: expected.bytes(),
              request: requestOf(index, encoded.image ?? noImage, script.bytes()),
            },
          ];
        }),
      );
      const { output } = await program.run(
        Buffer.concat([words(calls.length), ...calls.map(({ request }) => request)]),
      );
      let at = 0;
      for (const { random, encoded, expected } of calls) {
        const length = Number(new DataView(output.buffer, output.byteOffset + at, 8).getBigUint64(0, true));
        const printed = output.subarray(at + 8, at + 8 + length);
        assert.deepEqual([...printed], [...expected]);
        const arena = output.subarray(at + 8 + length, at + 8 + length + arenaBytes);
        at += 8 + length + arenaBytes;
        assert.deepEqual(encoded.decodeResult(arenaMemory(arena, base), base), random.answer);
      }
      assert.equal(at, output.length);
    }
  });
}
