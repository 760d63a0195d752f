/** One problem at one place, in a form that a terminal, an editor and JSON can all show. */
export interface Diagnostic {
  /** A warning stops nothing. Default: error. */
  readonly severity?: 'error' | 'warning';
  /** The error code that the problem belongs to, or the name of the tool that found it. */
  readonly code: string;
  readonly text: string;
  /** As people know the file: relative to the project folder, with forward slashes. */
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1, in UTF-16 code units. */
  readonly column?: number;
  /** How many code units to underline. */
  readonly length?: number;
  /** The whole source line, without its end. */
  readonly lineText?: string;
  readonly notes: readonly string[];
  /** What to do in its place. */
  readonly suggestion?: string;
}
