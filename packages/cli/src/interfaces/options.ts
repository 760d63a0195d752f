/** Options of every command that compiles EDL files. The two letters are those of the SDKs' compilers. */
export const compileOptions = {
  dialect: {
    type: 'string',
    value: 'DIALECT',
    choices: ['oe', 'intel', 'both'],
    default: 'both',
    summary: 'Whose rules: of oeedger8r, of sgx_edger8r, or of either',
  },
  'search-path': {
    type: 'string',
    value: 'DIR',
    multiple: true,
    summary: 'Where imported files are, after the folder of the importing file; several with colons between',
  },
  define: {
    type: 'string',
    value: 'NAME[=TEXT]',
    multiple: true,
    short: 'D',
    summary: 'A name for #ifdef, and what stands for it',
  },
  warn: {
    type: 'string',
    value: 'FAMILY',
    multiple: true,
    short: 'W',
    summary:
      'Warnings as oeedger8r spells them: -Wall, -Werror, -Werror=FAMILY, -WFAMILY, -Wno-FAMILY; -Wdialect for what one dialect refuses. Families: docs/reference/edl-rules.md',
  },
} as const;

/** Options of what writes code. */
export const codeOptions = {
  foreign: {
    type: 'string',
    value: 'FILE',
    extensions: ['json'],
    summary: 'What types of C headers are: {"NAME": {"type": "uint32_t"}} or {"NAME": {"bytes": 64, "alignment": 8}}',
  },
  'allow-user-check': {
    type: 'string',
    value: 'FUNCTION.PARAMETER',
    multiple: true,
    summary: 'An address that nothing checks, and that may be more than NULL: as a handle of memory in the arena',
  },
} as const;

/** Options of what writes one file. */
export const outOptions = {
  out: { type: 'string', value: 'FILE', summary: 'Write it there instead of printing it' },
  check: { type: 'boolean', summary: 'Write nothing, and fail unless the file of --out has this content' },
} as const;
