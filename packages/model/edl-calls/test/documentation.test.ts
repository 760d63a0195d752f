import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileEdl } from '@enclos/edl-compiler';
import { generateDocumentation } from '../src/index.ts';
import * as of from './models.ts';

const { basic } = of;

const model = of.model({
  enums: [{ name: 'color', members: [{ name: 'RED', value: 0 }, { name: 'OTHER' }] }],
  composites: [
    of.composite('struct', 'list', [
      of.member('n', basic('size_t')),
      of.followed('data', basic('int'), { count: 'n' }),
      of.member('next', of.pointer(basic('void'))),
    ]),
  ],
  ecalls: [
    of.ecall('open', [of.text('path', 'in')], basic('int')),
    {
      ...of.ecall('hidden', [
        of.buffer('items', 'inout', of.struct('list'), { size: 's', count: 3 }),
        of.unchecked('raw'),
      ]),
      isPublic: false,
      isSwitchless: true,
    },
    { ...of.ecall('lost', []), isPublic: false },
  ],
  ocalls: [
    {
      ...of.ocall('ask', [of.buffer('key', 'out', basic('uint8_t'), { elements: 16 })], { propagatesErrno: true }),
      allows: [1, 0],
    },
    of.ocall('show', [of.unchecked('at')]),
  ],
  foreign: ['a|b`c'],
});
const page = generateDocumentation({ ...model, includes: ['a.h'] });
const has = (text: string): void => assert.ok(page.includes(`${text}\n`), `${text}\nis not in\n${page}`);

test('says who may call what', () => {
  has(
    "The host may make 1 ECALL at any time, and 2 ECALLs only during OCALLs that allow it. The enclave may make 2 OCALLs. It keeps the rules of both compilers, Open Enclave's and Intel's.",
  );
  has('The host may call it at any time, and during `ask`.');
  has(
    'The host may call it only while an OCALL is under way: during `ask`. It may be made without leaving the enclave (`transition_using_threads`).',
  );
  has('The host may call it only while an OCALL is under way: no OCALL allows it.');
  has(
    'The enclave calls it. While it is under way the host may call `hidden`, `open`. The `errno` of the host is copied to the enclave.',
  );
});

test('says how each parameter is passed, and how much of it', () => {
  has('| `path` | `char*` | text, copied to the enclave | up to its terminator |');
  has('|  | `int` | returned |  |');
  has('| `items` | `struct list*` | memory, copied to the enclave, and back | `s` × `3` bytes |');
  has('| `raw` | `void*` | **an address that nothing checks** |  |');
  has('| `key` | `uint8_t[16]` | memory, zeros at first, copied back | `16` elements |');
  has('void ask([out] uint8_t key[16])');
});

test('names every address that nothing checks, and what that means', () => {
  const risks = page.slice(page.indexOf('## Addresses that nothing checks'), page.indexOf('## ECALLs'));
  assert.deepEqual(
    [...risks.matchAll(/^- `([^`]+)`/gm)].map(([, name]) => name),
    ['hidden.raw', 'show.at', 'list.next'],
  );
  assert.ok(!generateDocumentation(of.model({ ecalls: [of.ecall('f', [])] })).includes('checks'));
});

test('describes types, and names what C headers define, whatever the name', () => {
  has('| `OTHER` | a C header defines it |');
  has('size_t n;\n[count=n] int* data;\nvoid* next;');
  has('A pointer to it is followed with its members: what they point to is copied, too.');
  has('`` a|b`c ``. The file includes `a.h`.');
});

test('work grows with the interface, and not with its square', () => {
  const ecalls = Array.from({ length: 4000 }, (_, index) => of.ecall(`e${index}`, []));
  let asked = 0;
  const ocalls = Array.from({ length: 4000 }, (_, index) => ({
    ...of.ocall(`o${index}`, []),
    get allows() {
      asked += 1;
      return [index];
    },
  }));
  generateDocumentation(of.model({ ecalls, ocalls }));
  assert.ok(asked <= 4 * ocalls.length, String(asked));
});

test('a function is shown with the attributes that its file has', () => {
  const text =
    'enclave { trusted { public void f([in, isptr, readonly, size=4] handle_t a, [in, isary] list_t b, [in, count=2] const int* c, [user_check, isary] list_t d); }; };';
  const compiled = compileEdl({ file: 'a.edl', read: (path) => (path === 'a.edl' ? text : undefined) });
  assert.ok(compiled.model);
  const shown =
    'void f([in, size=4, isptr, readonly] handle_t a, [in, isary] list_t b, [in, count=2] const int* c, [user_check, isary] list_t d)';
  assert.ok(generateDocumentation(compiled.model).includes(`\n${shown}\n`), generateDocumentation(compiled.model));
});
