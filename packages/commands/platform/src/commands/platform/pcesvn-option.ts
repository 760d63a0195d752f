import { refuseUsage } from '@enclos/cli-frame';
import { wholeNumberIn } from '@enclos/command-line';

const largestPceSvn = 65_535;

/** The value of `--pcesvn`, when it was given. @throws CLI_USAGE */
export function parsePceSvn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = wholeNumberIn(text, { least: 0, most: largestPceSvn });
  return value ?? refuseUsage(`--pcesvn is a number from 0 to ${largestPceSvn}.`);
}
