/** One change to a file of QuickJS. What it replaces stands there exactly once, or the source is another one. */
interface SourceEdit {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

const edits: readonly SourceEdit[] = [
  {
    // There are no threads in the interpreter, and `Atomics` would need them.
    file: 'quickjs.c',
    before: '#if !defined(EMSCRIPTEN)\n#define CONFIG_ATOMICS\n#endif',
    after: '',
  },
  {
    // A stack that is exhausted ends the script, and how deep it was is known when it is cleared.
    file: 'quickjs.c',
    before: 'return unlikely(sp < rt->stack_limit);',
    after: 'return enclos_check_stack(sp, rt->stack_limit);',
  },
  {
    // Its own generator would be part of the image, and begin anew with each reset.
    file: 'quickjs.c',
    before: 'v = xorshift64star(&ctx->random_state);',
    after: 'v = enclos_random_bits();',
  },
  {
    // JSON.stringify spends its time here: a call for each of several basic blocks would double it.
    file: 'quickjs.c',
    before: '        c = string_getc(p, &i);\n        switch(c) {',
    after: '        enclos_step();\n        c = string_getc(p, &i);\n        switch(c) {',
  },
  {
    // So does JSON.parse.
    file: 'quickjs.c',
    before: '        if (p >= s->buf_end)\n            goto invalid_char;\n        c = *p;',
    after: '        enclos_step();\n        if (p >= s->buf_end)\n            goto invalid_char;\n        c = *p;',
  },
  {
    // A chain of prototypes can be as long as memory allows, and each look for what is not there goes to its end.
    file: 'quickjs.c',
    before:
      '        p = p->shape->proto;\n        if (!p)\n            break;\n    }\n    if (unlikely(throw_ref_error)) {',
    after:
      '        enclos_step();\n        p = p->shape->proto;\n        if (!p)\n            break;\n    }\n    if (unlikely(throw_ref_error)) {',
  },
  {
    file: 'quickjs.c',
    before: '        p1 = p1->shape->proto;\n    prototype_lookup:',
    after: '        enclos_step();\n        p1 = p1->shape->proto;\n    prototype_lookup:',
  },
];

/**
 * Makes the edits of a file.
 * @throws Error when the file is not the one that they are for
 */
export function editSource(file: string, text: string): string {
  return edits
    .filter((edit) => edit.file === file)
    .reduce((edited, { before, after }) => {
      const parts = edited.split(before);
      if (parts.length !== 2) {
        throw new Error(`${file} has ${JSON.stringify(before)} ${parts.length - 1} times, not once.`);
      }
      return parts.join(after);
    }, text);
}
