/**
 * Throws what a program throws for a command line that is wrong.
 * @param usage the line that shows how the command is called
 */
export type RefuseUsage = (message: string, usage?: string) => never;

/** The program that commands belong to. */
export interface Program {
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** What `--version` prints. Absent where the version is that of an image. */
  readonly version?: () => Promise<string>;
  readonly refuse: RefuseUsage;
}
