import type { FindingsOptions } from '../findings/findings.ts';
import { didYouMean } from '@enclos/diagnostics';
import { isWarningFamily, type WarningFamily, warningFamilies } from './families.ts';

/** What becomes of warnings. Without anything, those that are on by default are warnings. */
export interface WarningChoice {
  /** `-Wall`: every family but `dialect-difference`, which has to be named. */
  readonly all?: boolean;
  /** `-Werror`: what is shown is an error. */
  readonly areErrors?: boolean;
  /** `-Wx`, `-Werror=x`, `-Wno-x`. */
  readonly families?: Readonly<Partial<Record<WarningFamily, 'off' | 'warning' | 'error'>>>;
}

type Setting = 'off' | 'warning' | 'error';

/** As oeedger8r weighs its options, whatever their order (main.cpp of oeedger8r-cpp). */
const weights: Readonly<Record<Setting, number>> = { warning: 1, error: 2, off: 3 };

/**
 * Reads options as oeedger8r spells them: `-Wall`, `-Werror`, `-Wx`, `-Werror=x`, `-Wno-x`, `-Wno-all`, `-Wno-error`. `-Wdialect` is short
 * for `-Wdialect-difference`. As there, their order does not matter: `-Wno-x` wins over `-Werror=x`, and that over `-Wx`.
 *
 * @returns with a sentence about each option that is not one; those change nothing
 * @example
 * parseWarningOptions(['-Wall', '-Werror', '-Wno-return-ptr']).choice;
 */
export function parseWarningOptions(options: readonly string[]): {
  readonly choice: WarningChoice;
  readonly problems: readonly string[];
} {
  const settings = new Map<string, Setting>();
  const problems: string[] = [];
  for (const option of options) {
    const { setting, name } = readOption(option);
    const isGroup = name === 'all' || name === 'error';
    if (setting === undefined || (!isGroup && !isWarningFamily(name)) || (isGroup && setting === 'error')) {
      problems.push(problemOf(option, name));
      continue;
    }
    const known = settings.get(name);
    if (known === undefined || weights[setting] > weights[known]) settings.set(name, setting);
  }
  const families: Partial<Record<WarningFamily, Setting>> = {};
  for (const [name, setting] of settings) if (isWarningFamily(name)) families[name] = setting;
  return {
    choice: { all: settings.get('all') === 'warning', areErrors: settings.get('error') === 'warning', families },
    problems,
  };
}

function readOption(option: string): { readonly setting?: Setting; readonly name: string } {
  const [, prefix, name = ''] = /^-W(no-|error=)?(.*)$/s.exec(option) ?? [];
  if (name === '') return { name: option };
  const setting = prefix === undefined ? 'warning' : prefix === 'no-' ? 'off' : 'error';
  return { setting, name: name === 'dialect' ? 'dialect-difference' : name };
}

function problemOf(option: string, name: string): string {
  const families = Object.keys(warningFamilies);
  const meant = didYouMean(name, ['all', 'error', ...families]);
  const rest =
    meant === undefined || meant === name
      ? `There are -Wall, -Werror, and -WX, -Wno-X and -Werror=X for these X: ${families.join(', ')}.`
      : `Did you mean "${meant}"?`;
  return `There is no warning option "${option}". ${rest}`;
}

/** The choice as a function for what collects findings. */
export function judgeBy({
  all = false,
  areErrors = false,
  families = {},
}: WarningChoice): NonNullable<FindingsOptions['judge']> {
  return (name) => {
    if (!isWarningFamily(name)) return areErrors ? 'error' : 'warning';
    const setting = families[name];
    const isOn =
      setting ?? (warningFamilies[name].isDefault || (all && name !== 'dialect-difference') ? 'warning' : 'off');
    return isOn === 'warning' && areErrors ? 'error' : isOn;
  };
}
