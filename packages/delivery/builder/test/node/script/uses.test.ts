import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createContext, Script } from 'node:vm';

import * as fc from 'fast-check';

import { usesIn } from '../../../src/node/script/uses.ts';

const ordinary = new Set(['Object', 'String']);

function keysIn(code: string): readonly string[] {
  return usesIn(`"use strict"; ${code}`, (name) => ordinary.has(name)).map(({ key }) => key);
}

for (const [code, keys] of [
  ['a', ['a']],
  ['const a = 1; a', []],
  ['a; var a', []],
  ['{ let a = 1 } a', ['a']],
  ['{ var a = 1 } a', []],
  ['{ function a() {} } a', ['a']],
  ['{ class a {} } a', ['a']],
  ['function f(a) { a } f', []],
  ['function f() { a; var a } f', []],
  ['function f(b = a) { var a; b } f', ['a']],
  ['(function a() { a }); a', ['a']],
  ['(class a { m() { a } }); a', ['a']],
  ['class A extends a { static { var b } m() { b } } A', ['a', 'b']],
  ['try {} catch (a) { a } a', ['a']],
  ['for (let a of []) a; a', ['a']],
  ['for (a of []) ;', ['a']],
  ['switch (a) { case 0: let a; a }', ['a']],
  ['const { a, b: { c = d }, ...e } = {}; a + c + e', ['d']],
  ['const [f, , [g]] = []; f + g + b', ['b']],
  ['({ a: 1, b() {}, get c() { return 1 }, [d]: 2 })', ['d']],
  ['({ a })', ['a']],
  ['class A { b = 1; #c = 2; d() {} [e]() {} static f = g } A', ['e', 'g']],
  ['a: for (;;) { break a }', []],
  ['Object.a.b', []],
  ['Object[a]', ['a']],
  ['function f() { return arguments.length + new.target } f', []],
  ['`${a} b`', ['a']],
  ['a`b`', ['a']],
  ['a ||= 1; b++; delete c.d', ['a', 'b', 'c']],
  ['(a = b) => a', ['b']],
  ['async () => { for await (const a of b) await a; yieldless }', ['b', 'yieldless']],
  ['function* f() { yield a; yield* b } f', ['a', 'b']],
  ['globalThis.a.b', ['a']],
  ['globalThis["a"]()', ['a']],
  ['global.globalThis.process.exit(1)', ['process.exit']],
  ['process?.exit()', ['process.exit']],
  ['const process = {}; process.exit()', []],
  ['const globalThis = {}; globalThis.a()', []],
  ['import(a)', ['a']],
  ['0 && (Object.x = { start })', []],
] as const) {
  test(`usesIn() finds ${JSON.stringify(keys)} in ${code}`, () => assert.deepEqual(keysIn(code), keys));
}

test('usesIn() tells how a global is used', () => {
  const kinds = (code: string): unknown => usesIn(code, () => false).map(({ kind, isOptional }) => [kind, isOptional]);
  assert.deepEqual(kinds('a'), [['read', false]]);
  assert.deepEqual(kinds('a(1)'), [['call', false]]);
  assert.deepEqual(kinds('a?.(1)'), [['call', true]]);
  assert.deepEqual(kinds('new a(1)'), [['construct', false]]);
  assert.deepEqual(kinds('a.b'), [['dereference', false]]);
  assert.deepEqual(kinds('a?.b'), [['dereference', true]]);
  assert.deepEqual(kinds('a = 1'), [['assign', false]]);
  assert.deepEqual(kinds('Object(a)'), [
    ['call', false],
    ['read', false],
  ]);
});

for (const [code, questions] of [
  ['fetch()', 0],
  ['typeof fetch === "function" && fetch()', 1],
  ['"fetch" in globalThis && fetch()', 1],
  ['if (globalThis.fetch) fetch()', 1],
  ['globalThis.fetch?.(1); fetch()', 1],
  ['const has = typeof fetch !== "undefined"; function f() { if (has) fetch() } f()', 1],
  ['function has() { return typeof fetch !== "undefined" } fetch(has())', 0],
  ['{ let fetch; typeof fetch } fetch()', 0],
  ['const globalThis = {}; "fetch" in globalThis; fetch()', 0],
] as const) {
  test(`usesIn() finds ${questions} questions about fetch() in ${code}`, () => {
    const uses = usesIn(`"use strict"; ${code}`, (name) => ordinary.has(name));
    const call = uses.find(({ kind, isMember, isOptional }) => kind === 'call' && !isMember && !isOptional);
    assert.equal([...(call?.questions ?? [])].flat().length, questions);
  });
}

for (const [code, isTried] of [
  ['try { require("fs") } catch {}', true],
  ['try { if (Object) { require("fs") } } catch {}', true],
  ['try {} catch { require("fs") }', false],
  ['try { require("fs") } finally {}', false],
  ['try { try { require("fs") } finally {} } catch {}', true],
  ['try { require("fs") } catch (error) { throw new Error("no", { cause: error }) }', false],
  ['try { require("fs") } catch { (() => { throw 1 }) }', true],
  ['try { () => require("fs") } catch {}', false],
  ['try { Promise.resolve().then(() => require("fs")) } catch {}', true],
] as const) {
  test(`usesIn() sees that ${isTried ? 'something' : 'nothing'} catches ${code}`, () => {
    const [use] = usesIn(code, (name) => name !== 'require');
    assert.deepEqual([use?.argument, use?.isTried], ['fs', isTried]);
  });
}

test('usesIn() sees what a typeof decides', () => {
  const chosen = (code: string): unknown => usesIn(code, (name) => name !== 'self').map(({ isChosen }) => isChosen);
  assert.deepEqual(chosen('typeof module === "object" ? 1 : self.x'), [true]);
  assert.deepEqual(chosen('if (Object && typeof module === "object") { 1 } else { self.x }'), [true]);
  assert.deepEqual(chosen('typeof module === "object" && self.x'), [true]);
  assert.deepEqual(chosen('Object ? 1 : self.x'), [false]);
  assert.deepEqual(chosen('(() => typeof module) ? 1 : self.x'), [false]);
});

test('usesIn() takes the first line of a script for its own require, and no other', () => {
  const banner = '(function(enclosCapabilities){"use strict";const require=enclosCapabilities.require;';
  const keys = (code: string) => usesIn(`${banner}${code}})`, () => false).map(({ key }) => key);
  assert.deepEqual(keys('require("a")'), ['require']);
  assert.deepEqual(keys('(function (require) { require("a") })'), []);
});

test('usesIn() walks code of any depth that the parser takes', () => {
  assert.deepEqual(keysIn(`${'('.repeat(500)}a${')'.repeat(500)}`), ['a']);
  assert.deepEqual(keysIn(`Object.x = ${'[1] + '.repeat(1000)}a`), ['a']);
});

/** A program, with braces and declarations at random, in which every name is read where it stands. */
const names = fc.constantFrom('a', 'b', 'c');
const { program } = fc.letrec<{ readonly program: string; readonly statement: string }>((tie) => {
  const body = fc.array(tie('statement'), { maxLength: 4 }).map((statements) => statements.join(' '));
  return {
    program: body,
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      names.map((name) => `try { ${name} } catch {}`),
      names.map((name) => `try { ({ ${name} }) } catch {}`),
      names.map((name) => `try { ({ ${name}: 1 }).${name} } catch {}`),
      names.map((name) => `var ${name} = 1;`),
      names.map((name) => `var { x: ${name} = 1 } = {};`),
      body.map((inner) => `{ ${inner} }`),
      fc.tuple(names, body).map(([name, inner]) => `{ let ${name} = 1; { ${inner} } }`),
      fc.tuple(names, body).map(([name, inner]) => `{ class ${name} {} { ${inner} } }`),
      fc.tuple(names, body).map(([name, inner]) => `{ function ${name}() {} { ${inner} } }`),
      fc.tuple(names, body).map(([name, inner]) => `(function (${name}) { ${inner} })();`),
      fc.tuple(names, body).map(([name, inner]) => `(function ${name}() { ${inner} })();`),
      fc
        .tuple(names, names, body)
        .map(([name, other, inner]) => `((${name}x = (() => { try { ${other} } catch {} })()) => { ${inner} })();`),
      fc.tuple(names, body).map(([name, inner]) => `try { throw 1 } catch (${name}) { { ${inner} } }`),
      fc.tuple(names, body).map(([name, inner]) => `for (const ${name} of [1]) { ${inner} }`),
      fc.tuple(names, body).map(([name, inner]) => `${name}: for (;;) { (() => { ${inner} })(); break ${name} }`),
      fc.tuple(names, body).map(([name, inner]) => `switch (1) { case 1: let ${name} = 1; { ${inner} } }`),
      fc.tuple(names, body).map(([name, inner]) => `(class { static { var ${name} = 1; ${inner} } });`),
      fc.tuple(names, body).map(([name, inner]) => `(class ${name} { static x = (() => { ${inner} })() });`),
    ),
  };
});

/** A `var` beside a `let` of the same name is not a program; the interpreter overlooks some, the parser does not. */
function compile(code: string): Script | undefined {
  try {
    keysIn(code);
    return new Script(`with (outside) { (function () { "use strict"; ${code} })() }`);
  } catch {
    return undefined;
  }
}

/** What the interpreter looks up outside of the program, as a proxy sees it. */
function lookedUp(script: Script): ReadonlySet<string> {
  seen.clear();
  script.runInContext(context);
  return new Set(seen);
}

const seen = new Set<string>();
const has = (_: object, name: string | symbol): boolean => seen.add(String(name)) === seen;
const context = createContext({ outside: new Proxy({}, { has, get: () => 1 }) });

test('usesIn() and the interpreter agree about what is declared, however names shadow each other', () => {
  fc.assert(
    fc.property(program, (code) => {
      const script = compile(code);
      fc.pre(script !== undefined);
      assert.deepEqual(new Set(keysIn(`(function () { ${code} })`)), lookedUp(script));
    }),
    { numRuns: 1000 },
  );
});

// A package chooses its code, and a build must not take hours because of it. Each of these took ten seconds and more when every name,
// or every node, was looked at anew for each other one.
for (const [what, code] of [
  ['thousands of questions about one name, and of uses', 'typeof a; a;'.repeat(8000)],
  ['thousands of names in one condition', `if (${'a || '.repeat(2500)}b);`.repeat(25)],
  ['handlers in handlers', `${'try {} catch {'.repeat(1400)}${'}'.repeat(1400)}`.repeat(12)],
] as const) {
  test(`usesIn() takes seconds for ${what}`, () => {
    const begin = performance.now();
    usesIn(code, () => false);
    const tookMs = performance.now() - begin;
    assert.ok(tookMs < 7000, `${Math.round(tookMs)} ms`);
  });
}
