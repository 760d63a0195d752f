/** A file as the compiler got it. */
export interface SourceText {
  /** As people know the file: what was given to the compiler, or the name in the `import` below its folder. */
  readonly path: string;
  readonly text: string;
}

/** A range of a source: UTF-16 offsets, end exclusive. */
export interface Place {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}
