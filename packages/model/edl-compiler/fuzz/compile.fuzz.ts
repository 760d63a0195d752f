import { compileEdl, type DialectChoice } from '../src/index.ts';
import { ruleExamples } from '../test/rule-examples/examples.ts';

const join = (files: readonly string[]): Uint8Array => new TextEncoder().encode(files.join('\0'));
const whole = (text: string): string => `enclave {\n    ${text}\n};\n`;

export const seeds: readonly Uint8Array[] = Object.values(ruleExamples).flatMap((example) =>
  [example.refused, example.accepted].map((text) =>
    join([example.whole === true ? text : whole(text), ...Object.values(example.files ?? {})]),
  ),
);

/** Files, each after a zero: `a.edl`, `b.edl` and so on. No dialect throws, an error is what keeps a model back, and what
 * only one of them accepts has the same model in both. */
export function fuzz(data: Uint8Array): void {
  const texts = new TextDecoder().decode(data).split('\0');
  const files = new Map(texts.slice(0, 26).map((text, index) => [`${String.fromCodePoint(97 + index)}.edl`, text]));
  const compile = (dialect: DialectChoice) => {
    const { model, diagnostics } = compileEdl({ file: 'a.edl', read: (path) => files.get(path), dialect });
    const isRefused = diagnostics.some(({ severity }) => severity === 'error');
    if (isRefused === (model !== undefined)) throw new Error(`${dialect}: a model with an error, or neither`);
    return model;
  };
  const both = compile('both');
  for (const dialect of ['oe', 'intel'] as const) {
    const model = compile(dialect);
    if (both?.dialect === dialect && JSON.stringify(model) !== JSON.stringify(both)) {
      throw new Error(`${dialect}: another model than by both`);
    }
  }
}
