import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, parseJson } from '@enclos/codec/json';
import { info, ok, warning, type Check } from './check.ts';

/** Which of platform, host and enclaves can read the others: see "Isolation" and "Separation" in the architecture. */
export function checkSeparation(userId: number | undefined): Check {
  const name = 'separation';
  if (userId === 0) {
    return info(name, 'this user is root, so platform, host and enclaves can run as different users');
  }
  return info(
    name,
    'this user is not root, so platform, host and enclaves run as one user, who can read them all: for development only',
  );
}

const inspectorOption = /(?:^|\s)--(?:inspect|debug|experimental-network-inspection)\b[\w-]*/;

/**
 * An inspector of the host or of the platform reads what they hold, the keys of
 * the machine too. Enclaves get nothing of this environment.
 */
export function checkInspector(env: Readonly<Record<string, string | undefined>>): Check {
  const name = 'inspector';
  const option = inspectorOption.exec(env['NODE_OPTIONS'] ?? '')?.[0].trim();
  const none = 'NODE_OPTIONS opens none in the host and the platform; enclaves never see it';
  if (option === undefined) return ok(name, none);
  return warning(
    name,
    `NODE_OPTIONS has ${option}: anyone who connects can read what the host and the platform hold`,
    'Unset NODE_OPTIONS, or remove this option from it.',
  );
}

const maxManifestBytes = 1024 * 1024;

/** Whether the project's enclave is one that may print what it holds, and whose keys are those of a debug enclave. */
export async function checkDebug(projectFolder: string): Promise<Check> {
  const name = 'debug';
  const text = await readFile(join(projectFolder, 'enclave.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return info(name, 'there is no enclave.json in this folder');
  const isDebug = debugOf(text);
  if (isDebug === undefined) return info(name, 'enclave.json is not valid JSON; `enclos build` shows where');
  return isDebug
    ? warning(
        name,
        'this project builds debug enclaves: a debugger may read them, and they have the keys of debug enclaves',
        'Remove `debug` from enclave.json for production.',
      )
    : ok(name, 'this project builds production enclaves, which have no output and no inspector');
}

function debugOf(text: string): boolean | undefined {
  try {
    const value = parseJson(text, maxManifestBytes);
    return isJsonObject(value) && value['debug'] === true;
  } catch {
    return undefined;
  }
}
