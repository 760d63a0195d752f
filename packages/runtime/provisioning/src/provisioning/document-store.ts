import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isEnclosError } from '@enclos/errors';
import { parseDocuments, serializeDocuments, type SignedDocuments } from './documents.ts';
import { addFile, listFiles, readText } from './folder.ts';

const subfolder = 'documents';
/** Above the sum of the greatest lengths of all fields of `SignedDocuments`. */
const maxDocumentsBytes = 8 << 20;
/** Older ones are removed. A process that works with an old list must find its number taken, so some stay. */
const keptDocuments = 8;

export interface NewestDocuments {
  /** The CRL number; 0 before the first. */
  readonly crlNumber: number;
  /** Undefined when the file cannot be used: the documents must then be issued again. */
  readonly documents: SignedDocuments | undefined;
}

/**
 * A file for each issue of the documents, named by its CRL number: making the
 * file is what allocates the number, so no two issues share one.
 */
export function documentsFile(crlNumber: number): string {
  return `${subfolder}/${String(crlNumber).padStart(10, '0')}.json`;
}

export async function readNewestDocuments(folder: string): Promise<NewestDocuments> {
  const name = (await documentNames(folder)).at(-1);
  if (name === undefined) return { crlNumber: 0, documents: undefined };
  return { crlNumber: Number.parseInt(name, 10), documents: await readDocuments(folder, name) };
}

/** @returns false when another process took the number. */
export async function addDocuments(folder: string, documents: SignedDocuments): Promise<boolean> {
  const path = join(folder, documentsFile(documents.crlNumber));
  if (!(await addFile(path, serializeDocuments(documents)))) return false;
  for (const name of (await documentNames(folder)).slice(0, -keptDocuments)) {
    await rm(join(folder, subfolder, name), { force: true });
  }
  return true;
}

/** Names of the issues, oldest first. */
export async function documentNames(folder: string): Promise<readonly string[]> {
  return (await listFiles(folder, subfolder)).filter((name) => /^\d{10}\.json$/.test(name));
}

async function readDocuments(folder: string, name: string): Promise<SignedDocuments | undefined> {
  try {
    const documents = parseDocuments(await readText(join(folder, subfolder), name, maxDocumentsBytes));
    return documents.crlNumber === Number.parseInt(name, 10) ? documents : undefined;
  } catch (error) {
    if (isEnclosError(error)) return undefined;
    throw error;
  }
}
