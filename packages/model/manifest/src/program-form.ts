import { array, enumeration, record, string, uint8, type Infer } from '@enclos/edl';
import { architecture, identity, resources, streams, type InterpreterManifest } from './form.ts';

const program = record({
  /** The machine that the program is made for. */
  architecture,
  /**
   * `none`: it opens no connections. `declared`: its own runtime asks the host for the declared ones. `any`: it may also ask the host
   * for others. `private`: it uses sockets of its own network namespace.
   */
  network: enumeration('none', 'declared', 'any', 'private'),
  /** What follows the name in argv. */
  arguments: array(string({ maxBytes: 4096 }), { maxItems: 64 }),
  /** Whether the host gets what it writes as log lines. */
  output: enumeration('none', 'log'),
});

/** In the place of the interpreter stands the program. */
export const programForm = 0x81;
export const programType = record({
  form: uint8(),
  manifest: record({ ...identity, program, ...resources, ...streams }),
});

/** The measured manifest of an enclave whose bundle is a static ELF file. */
export type ProgramManifest = Infer<typeof programType>['manifest'];
/** The measured manifest. Its encoding is canonical: one manifest has one byte string. */
export type EnclaveManifest = InterpreterManifest | ProgramManifest;
/** What the manifest says of the program: {@link ProgramManifest}. */
export type ProgramSettings = ProgramManifest['program'];

/** Whether an enclave runs a program itself, and not a script in the interpreter. */
export function isProgramManifest(manifest: EnclaveManifest): manifest is ProgramManifest {
  return 'program' in manifest;
}

/** The processes beside an enclave. A program has none. */
export function companionsOf(manifest: EnclaveManifest): NonNullable<InterpreterManifest['companions']> {
  return isProgramManifest(manifest) ? [] : (manifest.companions ?? []);
}
