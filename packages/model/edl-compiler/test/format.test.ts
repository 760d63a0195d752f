import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EdlFileError, formatEdl, parseEdl, type ParseOptions } from '../src/index.ts';
import { edlTexts } from './generator.ts';

const format = (text: string, options?: ParseOptions): string => formatEdl({ path: 'a.edl', text }, options);

/** The tree without places. */
function meaningOf(text: string, options?: ParseOptions): string {
  const { file, diagnostics } = parseEdl({ path: 'a.edl', text }, options);
  assert.ok(file, JSON.stringify(diagnostics));
  return JSON.stringify([file.items, file.closing !== undefined], (key, value: unknown) =>
    key === 'at' ? undefined : typeof value === 'bigint' ? `${value}` : value,
  );
}

test('each statement has its line, and each brace its indentation', () => {
  const text = `enclave{include "a.h" from "b.edl" import f ,g;
enum e{A,B=2 , C};struct s{int a;[count = a] uint8_t *p;};


trusted{
  public  void f ( [ in , size = 4 ] const void * p , int a [ 2 ] [ 3 ] ) ;

public int g(void) transition_using_threads;
};untrusted{void h() allow ( f , g ) propagate_errno;};};`;
  assert.equal(
    format(text),
    `enclave {
  include "a.h"
  from "b.edl" import f, g;
  enum e {
    A,
    B = 2,
    C
  };
  struct s {
    int a;
    [count=a] uint8_t* p;
  };

  trusted {
    public void f([in, size=4] const void* p, int a[2][3]);

    public int g(void) transition_using_threads;
  };
  untrusted {
    void h() allow(f, g) propagate_errno;
  };
};
`,
  );
});

test('comments and directives keep their places', () => {
  const text = `// first
enclave { // opens

/*
 * About e.
   */
#ifdef A
enum e { A, // one
  B /* two */ };
#else
  enum e { /* three */ C };
#endif // A
  untrusted { void f(int a, // the first
    int b /* the second */);
    void g(/* nothing */); /* after */
    // last
  };
}; // end
`;
  const formatted = `// first
enclave { // opens
  /*
   * About e.
   */
#ifdef A
  enum e {
    A, // one
    B /* two */
  };
#else
  enum e {
    /* three */ C
  };
#endif // A
  untrusted {
    void f(
      int a, // the first
      int b /* the second */);
    void g(/* nothing */); /* after */
    // last
  };
}; // end
`;
  assert.equal(format(text), formatted);
  assert.equal(format(formatted), formatted);
});

test('long functions have one line for each parameter', () => {
  const parameter = (index: number): string => `[in, size=length_of_parameter] const void* parameter_${index}`;
  const text = `enclave { untrusted { void f(${[1, 2, 3].map(parameter).join(', ')}, size_t length_of_parameter); }; };`;
  assert.equal(
    format(text),
    `enclave {
  untrusted {
    void f(
      ${parameter(1)},
      ${parameter(2)},
      ${parameter(3)},
      size_t length_of_parameter);
  };
};
`,
  );
});

test('what a conditional leaves out is formatted when it could be a part of an interface, and stays as it is otherwise', () => {
  const text = `enclave {
#ifdef A
struct  s{int a;};
#endif
#ifdef B
   isn't   one
#endif
};
`;
  assert.equal(
    format(text),
    `enclave {
#ifdef A
  struct s {
    int a;
  };
#endif
#ifdef B
   isn't   one
#endif
};
`,
  );
});

test('a directive never shares a line with a statement that it follows', () => {
  const text = `enclave {
#ifdef A
  without_end
#endif
  enum e {
    A
    // the last
  };
  enum f {
    B,
#ifndef A
    C
#endif
  };
};
`;
  assert.equal(format(text), text);
});

test('text after a directive has its own line for Open Enclave, and stays where it is for Intel', () => {
  const text = `enclave { trusted # ifdef A {
    public void f([in #ifdef B , count=n #endif] int* a
#ifdef B x, #endif ); }; #endif };`;
  const formatted = `enclave {
  trusted
# ifdef A
    {
    public void f(
      [in
#ifdef B
      , count=n
#endif
      ] int* a
#ifdef B
      x,
#endif
      );
  };
#endif
};
`;
  const options = { dialect: 'oe', defines: { A: '' } } as const;
  assert.equal(format(text, options), formatted);
  assert.equal(format(formatted, options), formatted);
  assert.equal(meaningOf(formatted, options), meaningOf(text, options));
  const ofIntel = 'enclave {\n#ifdef A ; }\n#endif ; {\n};\n';
  for (const dialect of ['intel', 'both'] as const) assert.equal(format(ofIntel, { dialect }), ofIntel);
  // What only Open Enclave's compiler reads is formatted as it reads it.
  assert.equal(format('enclave {\n#ifdef A ; #endif\n};\n'), 'enclave {\n#ifdef A\n  ;\n#endif\n};\n');
});

test('branches that open the same brace are indented alike', () => {
  const text = `enclave {
#ifdef A
  struct a {
#else
  struct b {
#endif
    int x;
  };
};
`;
  assert.equal(format(text), text);
});

test('a statement as long as its file takes no time', () => {
  const stars = '*'.repeat(100_000);
  const text = `enclave { trusted { public void f([user_check] int${stars} a); }; };`;
  assert.ok(format(text).includes(`int${stars} a`));
});

test('a file that breaks rules is refused', () => {
  assert.throws(
    () => format('enclave { trusted { public f(); }; };'),
    (error) => error instanceof EdlFileError && error.diagnostics.length === 1,
  );
});

for (const dialect of ['both', 'oe', 'intel'] as const) {
  test(`random files keep their tokens and their meaning, and are formatted at once (${dialect})`, () => {
    fc.assert(
      fc.property(edlTexts(dialect), ({ text, tokens }) => {
        const options = { dialect };
        const formatted = format(text, options);
        assert.equal(meaningOf(formatted, options), meaningOf(text, options));
        assert.equal(format(formatted, options), formatted);
        const plain = formatEdl({ path: 'a.edl', text: tokens.join(' ') }, options);
        assert.equal(meaningOf(plain, options), meaningOf(text, options));
        assert.ok(formatted.endsWith('\n') && !/[ \t]\n|\n\n\n/.test(formatted.replaceAll(/\/\*.*?\*\//gs, 'c')));
      }),
      { numRuns: 300 },
    );
  });
}
