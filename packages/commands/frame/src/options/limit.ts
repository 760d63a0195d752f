import { refuseUsage } from '../usage-error.ts';

/** For commands that measure files of strangers. */
export const limitOption = {
  type: 'string',
  value: 'SIZE',
  summary: 'The most that is hashed to measure an enclave file, such as 64G, instead of 16G',
} as const;

/** @returns bytes @throws CLI_USAGE */
export function limitIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, count, unit] = /^([1-9]\d{0,5})([MG])$/.exec(text) ?? [];
  if (count === undefined) return refuseUsage(`--limit is a size such as 64G or 512M, not ${JSON.stringify(text)}.`);
  return Number(count) * 2 ** (unit === 'G' ? 30 : 20);
}
