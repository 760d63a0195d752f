import { readSmallJson } from '@enclos/cli-frame/files';
import type { ForeignType, ForeignTypes } from '@enclos/edl-calls';
import { EnclosError } from '@enclos/errors';
import { isRecord } from '@enclos/evidence';

const mostBytes = 1024 * 1024;

/**
 * Reads what types of C headers are. The compiler checks sizes and types where they are used.
 * @throws CLI_FILE_UNREADABLE, CLI_FILE_INVALID
 */
export async function readForeignTypes(path: string | undefined): Promise<ForeignTypes> {
  if (path === undefined) return {};
  const value = await readSmallJson(path, mostBytes);
  const wrong = isRecord(value) ? Object.keys(value).find((name) => !isForeignType(value[name])) : undefined;
  if (isRecord(value) && wrong === undefined) return value as ForeignTypes;
  const what = wrong === undefined ? 'is not an object' : `says of ${JSON.stringify(wrong)} something else`;
  const message = `${path} ${what}: each type is {"type": "TYPE OF C"}, {"bytes": N, "alignment": N} or, for a constant, {"value": N}.`;
  throw new EnclosError('CLI_FILE_INVALID', message, { details: { path } });
}

function isForeignType(value: unknown): value is ForeignType {
  if (!isRecord(value)) return false;
  const names = Object.keys(value).toSorted().join(' ');
  if (names === 'type') return typeof value['type'] === 'string';
  return (names === 'alignment bytes' || names === 'value') && Object.values(value).every(Number.isSafeInteger);
}
