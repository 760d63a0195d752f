import { refuseUsage } from '../../command-line/usage-error.ts';

const largestPceSvn = 65_535;

/** The value of `--pcesvn`, when it was given. @throws CLI_USAGE */
export function parsePceSvn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= largestPceSvn)) refuseUsage(`--pcesvn is a number from 0 to ${largestPceSvn}.`);
  return value;
}
