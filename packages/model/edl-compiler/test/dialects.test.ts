import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileEdl, type DialectChoice } from '../src/index.ts';

const attribute = fc.constantFrom(
  ...'in,out,string,wstring,isptr,isary,readonly,user_check,size=4,count=4,size=n,count=m,size=s,count=x,sizefunc=g'.split(
    ',',
  ),
);
const likely = [[], ['in'], ['in', 'out'], ['user_check'], ['in', 'size=4'], ['in', 'count=n'], ['in', 'string']];
const base = fc.constantFrom(
  ...'int,char,unsigned char,wchar_t,void,bool,float,size_t,long,record_t,s_t,struct s_t,struct d_t,d_t,union u_t,enum e_t,struct x_t'.split(
    ',',
  ),
);
/** Declarations that both compilers take, or one of them. */
const known = (name: string) =>
  fc
    .constantFrom(
      ...'int @|[in] int* @|[out, count=n] s_t* @|[in] struct d_t* @|[in] int @[4]|int* @|bool @[2]|const int @|[in] int @[N]'.split(
        '|',
      ),
      ...'[in, size=4, count=n] int* @|[in, isptr, readonly] record_t @|[in, string] unsigned char* @|[in, in, isptr] record_t @'.split(
        '|',
      ),
    )
    .map((text) => text.replace('@', name));
const random = (name: string) =>
  fc
    .record({
      attributes: fc.oneof(fc.constantFrom(...likely), fc.uniqueArray(attribute, { maxLength: 3 })),
      isConst: fc.constantFrom(false, false, true),
      base,
      stars: fc.constantFrom('', '', '*', '*', '**'),
      dimensions: fc.constantFrom('', '', '', '[4]', '[0]', '[]', '[N]', '[2][3]'),
    })
    .map(({ attributes, isConst, base: type, stars, dimensions }) =>
      [
        attributes.length === 0 ? '' : `[${attributes.join(', ')}] `,
        isConst ? 'const ' : '',
        `${type}${stars} ${name}${dimensions}`,
      ].join(''),
    );

const declaration = (name: string) => fc.oneof(known(name), random(name));

const interfaceText = fc
  .record({
    parameters: fc.oneof(fc.tuple(declaration('p')), fc.tuple(declaration('p'), declaration('q'))),
    member: fc.oneof(fc.constantFrom('int r', '[count=n] int* r', 'struct d_t r'), declaration('r')),
    access: fc.constantFrom('public ', 'public ', ''),
    side: fc.constantFrom('trusted', 'untrusted'),
    allow: fc.constantFrom('', '', ' allow(g)', ' allow(h)'),
    returns: fc.constantFrom('void', 'int', 'int*', 'struct d_t'),
    prefix: fc.constantFrom('', '', '[cdecl] '),
  })
  .map(({ parameters, member, access, side, allow, returns, prefix }) => {
    const signature = `${returns} f(${parameters.join(', ')}, size_t n, int m, struct s_t s)`;
    const isTrusted = side === 'trusted';
    return `enclave {
    enum e_t { N = 3 };
    struct s_t { int a; };
    struct d_t { size_t n; [count=n] int* a; };
    union u_t { int a; };
    struct w_t { size_t n; int m; ${member}; };
    trusted { public void g(); ${isTrusted ? `${access}${signature};` : `${access}void h();`} };
    untrusted { ${isTrusted ? '' : prefix}${isTrusted ? 'void h_()' : signature}${allow}; };
};
`;
  });

const compile = (text: string, dialect: DialectChoice) =>
  compileEdl({ file: 'a.edl', read: (path) => (path === 'a.edl' ? text : undefined), dialect });

test('in both dialects a file is accepted exactly when one of them accepts it, and the model says which', () => {
  const seen = { oe: 0, intel: 0, both: 0, none: 0 };
  fc.assert(
    fc.property(interfaceText, (text) => {
      const [oe, intel, both] = (['oe', 'intel', 'both'] as const).map((dialect) => compile(text, dialect));
      const accepted =
        oe?.model === undefined
          ? intel?.model === undefined
            ? undefined
            : 'intel'
          : intel?.model === undefined
            ? 'oe'
            : 'both';
      assert.equal(both?.model?.dialect, accepted, text);
      seen[accepted ?? 'none']++;
      // Whatever is refused says why.
      for (const { model, diagnostics } of [oe, intel, both].filter((each) => each !== undefined)) {
        assert.equal(
          model === undefined,
          diagnostics.some(({ severity }) => severity === 'error'),
          text,
        );
      }
    }),
    { numRuns: 1500 },
  );
  // Examples of each outcome, so that the property says something.
  assert.ok(
    Object.values(seen).every((count) => count > 20),
    JSON.stringify(seen),
  );
});

/** Lines with text after their directives, which the compilers read differently. */
const linesOfText = fc
  .array(
    fc.constantFrom(
      '#ifdef N',
      '#ifndef N',
      '#else',
      '#endif',
      '#ifdef N struct a_t {',
      '#ifndef N public',
      '#else public',
      '#endif }',
      '#endif ;',
      '#endif };',
      '#ifndef N #endif',
      'trusted {',
      'public void',
      'f();',
      '};',
      'struct b_t { int a; };',
    ),
    { maxLength: 9 },
  )
  .map((list) => `enclave {\n${list.join('\n')}\ntrusted { public void g(); };\n};\n`);

test('where the compilers read different text, a file is accepted exactly when one of them accepts it', () => {
  const seen = { oe: 0, intel: 0, both: 0, none: 0 };
  fc.assert(
    fc.property(linesOfText, (text) => {
      const [oe, intel, both] = (['oe', 'intel', 'both'] as const).map((dialect) => compile(text, dialect));
      assert.equal(both?.model === undefined, oe?.model === undefined && intel?.model === undefined, text);
      if (both?.model !== undefined && /#(?:ifn?def N|else|endif) /.test(text)) {
        const taken = intel?.model === undefined ? oe : intel;
        assert.deepEqual(both.model, taken?.model);
        assert.deepEqual(both.diagnostics, taken?.diagnostics);
      }
      seen[both?.model?.dialect ?? 'none']++;
    }),
    { numRuns: 3000 },
  );
  assert.ok(
    Object.values(seen).every((count) => count > 20),
    JSON.stringify(seen),
  );
});

test('when neither accepts its reading, the one with fewer errors is told, and each file is read once', () => {
  const asked: string[] = [];
  const read = (path: string): string | undefined => {
    asked.push(path);
    return path === 'a.edl' ? 'enclave {\n#ifndef N trusted {\n#endif\npublic void f(int);\n};\n};\n' : undefined;
  };
  const { model, diagnostics } = compileEdl({ file: 'a.edl', read });
  assert.equal(model, undefined);
  assert.deepEqual(
    diagnostics.map(({ code, line }) => [code, line]),
    [['edl-expected-name', 4]],
  );
  assert.deepEqual(asked, ['a.edl']);
});

test('a model is plain data: what JSON keeps of it is all of it', () => {
  fc.assert(
    fc.property(interfaceText, (text) => {
      const { model } = compile(text, 'both');
      if (model !== undefined) assert.deepEqual(JSON.parse(JSON.stringify(model)), model);
    }),
    { numRuns: 500 },
  );
});
