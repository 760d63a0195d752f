import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countSourceLines } from '../../src/node/trusted-base.ts';

const counts: readonly (readonly [what: string, printed: string, lines: number])[] = [
  ['statements', 'one();\ntwo();\n', 2],
  ['blank lines', '\none();\n\n  \ntwo();\n', 2],
  ['comments', '// one\n/** two\n * three\n */\nfour();\n  // five\n', 1],
  ['a generator method', 'class A {\n  *all() {\n  }\n  *[Symbol.iterator]() {\n  }\n}\n', 6],
  ['a statement behind its if', 'if (a)\n  b();\nelse\n  c();\n', 2],
  ['a statement on the line of its if', 'if (a) b();\nelse c();\n', 2],
  ['blocks', 'if (a) {\n  b();\n} else if (c)\n  d();\nfor (const e of f)\n  g(e);\n', 4],
  ['a call that looks like neither', 'iffy(a)\nwhiles(b)\nc()\n', 3],
];

for (const [what, printed, lines] of counts) {
  test(`formatted lines: ${what}`, () => {
    assert.equal(countSourceLines(printed), lines);
  });
}
