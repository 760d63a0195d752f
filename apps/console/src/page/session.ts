import { softwareRoot, type TrustedRoot } from '@enclos/attestation';
import { isEnclosError } from '@enclos/errors';
import { readAttested, type AttestedInput } from './input/attested.ts';
import { isEvidence, maximumInputBytes, tooLarge, type EvidenceInput, type Input } from './input/input.ts';
import { readInput } from './input/read-input.ts';

/** Something that was given to the page, and what it was taken for. */
export interface Entry {
  readonly id: number;
  /** The name of the file, or what it was called when it was pasted. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly input: Input | AttestedInput;
  /** For a root certificate. */
  readonly root?: TrustedRoot;
}

/** What can be read: a file, or a pasted text in the same clothes. */
export interface Source {
  readonly name: string;
  readonly size: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

type InputOf<K extends Input['kind']> = Extract<Input, { kind: K }>;

const maximumSources = 16;
const maximumEntries = 32;

/** What the page has been given. One evidence, one collateral and one policy at a time; roots add up. */
export class Session {
  #entries: readonly Entry[] = [];
  #lastId = 0;

  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** The latest input of this kind. */
  find<K extends Input['kind']>(kind: K): InputOf<K> | undefined {
    const found = this.#entries.find(({ input }) => input.kind === kind);
    // The kind of the input is the one that was asked for.
    return found?.input as InputOf<K> | undefined;
  }

  /** The one piece of evidence, and the certificate that carried it. */
  get evidence(): EvidenceInput | AttestedInput | undefined {
    return this.#entries.map(({ input }) => input).find(isEvidence);
  }

  get softwareRoots(): readonly TrustedRoot[] {
    return this.#entries.flatMap(({ root }) => root ?? []);
  }

  /** Reads sources one after the other; nothing over the limit is opened. */
  async add(sources: readonly Source[]): Promise<void> {
    for (const source of sources.slice(0, maximumSources)) {
      const { name, size } = source;
      for (const input of await inputsOf(source)) this.#insert(await this.#entryOf(name, size, input));
    }
    if (sources.length > maximumSources) {
      const reason = `Only the first ${maximumSources} of ${sources.length} files were read.`;
      this.#insert(await this.#entryOf('The others', 0, { kind: 'unreadable', reason }));
    }
  }

  clear(): void {
    this.#entries = [];
  }

  remove(id: number): void {
    this.#entries = this.#entries.filter((entry) => entry.id !== id);
  }

  async #entryOf(name: string, sizeBytes: number, input: Input): Promise<Entry> {
    const entry = { id: ++this.#lastId, name, sizeBytes, input };
    if (input.kind !== 'root') return entry;
    const attested = await readAttested(input.der);
    if (attested !== undefined) return { ...entry, input: attested };
    try {
      return { ...entry, root: await softwareRoot(input.der) };
    } catch (error) {
      if (!isEnclosError(error, 'VERIFIER_MISUSED')) throw error;
      return {
        ...entry,
        input: { kind: 'unreadable', reason: `It is not a root that can be added: ${error.message}` },
      };
    }
  }

  /** The newest first. It takes the place of what there can be one of. */
  #insert(entry: Entry): void {
    const place = placeOf(entry);
    this.#entries = [entry, ...this.#entries.filter((other) => placeOf(other) !== place)].slice(0, maximumEntries);
  }
}

/** What has the same place excludes each other. */
function placeOf({ id, input, root }: Entry): string {
  if (isEvidence(input)) return 'evidence';
  switch (input.kind) {
    case 'root':
      return `root ${root?.publicKey ?? ''}`;
    case 'unreadable':
      return `unreadable ${id}`;
    default:
      return input.kind;
  }
}

async function inputsOf(source: Source): Promise<readonly Input[]> {
  if (source.size > maximumInputBytes) return [tooLarge(source.size)];
  try {
    return readInput(new Uint8Array(await source.arrayBuffer()));
  } catch (error) {
    // A folder, or a file that went away or may not be read: what browsers throw has no one type.
    if (error instanceof DOMException) return [{ kind: 'unreadable', reason: `It cannot be read: ${error.message}` }];
    throw error;
  }
}

/** A text, as a source. */
export function textSource(text: string, name = 'Pasted text'): Source {
  const bytes = new TextEncoder().encode(text);
  return { name, size: bytes.length, arrayBuffer: () => Promise.resolve(bytes.buffer) };
}
