import { diagnosticAt, type Diagnostic } from '@enclos/diagnostics';
import type { Dialect, DialectChoice } from '../source/dialect.ts';
import type { Place } from '../source/place.ts';
import { mixedDialects } from './mixed.ts';
import type { Rule } from './rule.ts';

export type Judgement = 'error' | 'warning' | 'off';

export interface FindingsOptions {
  readonly dialect: DialectChoice;
  /**
   * What becomes of a warning of a family (a rule without one is its own family, by its code). Where the dialects differ, the family is
   * `dialect-difference`. Default: warnings are warnings, and differences are not shown.
   */
  readonly judge?: (family: string, rule: Rule) => Judgement;
  /** Diagnostics after which no more are kept. Default: 200. */
  readonly most?: number;
}

interface Finding {
  readonly rule: Rule;
  readonly at: Place;
  readonly words: readonly string[];
  readonly notes: readonly string[];
}

interface JudgedFinding {
  readonly finding: Finding;
  readonly judgement: 'error' | 'warning';
}

const compilers: Readonly<Record<Dialect, { readonly program: string; readonly owner: string }>> = {
  oe: { program: 'oeedger8r', owner: 'Open Enclave' },
  intel: { program: 'sgx_edger8r', owner: 'Intel' },
};
/** Names in messages; hostile files hold longer ones. */
const longestWord = 200;
/** Lines that are longer are not shown: each finding would hold the whole of them. */
const longestLine = 2000;

/**
 * Collects what breaks rules. In one dialect, what its compiler refuses is an error, and the other's rules do not count. In both, a
 * file is refused when a rule of both is broken, or when each compiler refuses something that the other accepts.
 */
export class Findings {
  readonly #dialect: DialectChoice;
  readonly #judge: (family: string, rule: Rule) => Judgement;
  readonly #most: number;
  readonly #errors: Finding[] = [];
  /** By what became of them and whose they are: many of one kind must not hide an error of another. */
  readonly #warned = new Map<string, JudgedFinding[]>();
  /** What only one compiler refuses, when both may accept. */
  readonly #refusals: Readonly<Record<Dialect, Finding[]>> = { oe: [], intel: [] };
  readonly #seen = new Map<Place['source'], Set<string>>();
  #hasTwoReadings = false;

  constructor(options: FindingsOptions) {
    this.#dialect = options.dialect;
    this.#judge = options.judge ?? ((family) => (family === differenceFamily ? 'off' : 'warning'));
    this.#most = options.most ?? 200;
  }

  /** Whether it would be vain to look for more. */
  get isFull(): boolean {
    return this.#errors.length >= this.#most;
  }

  /** Whether the files are refused, as far as is known now. */
  get hasErrors(): boolean {
    return this.accepted === undefined || this.#warnings().some(({ judgement }) => judgement === 'error');
  }

  /** Whether the two compilers take different text of a file for the interface, so that both cannot be checked at once. */
  get hasTwoReadings(): boolean {
    return this.#hasTwoReadings;
  }

  readTwoWays(): void {
    this.#hasTwoReadings = true;
  }

  /** Whose rules the files keep, as far as is known now: the dialect that was asked for, or what is left of both. */
  get accepted(): DialectChoice | undefined {
    const { oe, intel } = this.#refusals;
    if (this.#errors.length > 0 || (oe.length > 0 && intel.length > 0)) return undefined;
    if (oe.length > 0) return 'intel';
    return intel.length > 0 ? 'oe' : this.#dialect;
  }

  /** Reports once for a rule and a place. A place in an empty text means the file as a whole. */
  report(rule: Rule, at: Place, words: readonly string[] = [], notes: readonly string[] = []): void {
    const refusing = rule.dialects.filter((dialect) => this.#dialect === 'both' || dialect === this.#dialect);
    const [only] = refusing;
    const kept = only === undefined ? undefined : this.#placeFor(rule, only, refusing.length === 1);
    if (kept === undefined || this.#isRepeated(rule, at)) return;
    kept({ rule, at, words: words.map(shortened), notes });
  }

  /** Where a finding is kept; nowhere when there is enough: a hostile file breaks a rule at every character. */
  #placeFor(rule: Rule, only: Dialect, isOfOne: boolean): ((finding: Finding) => void) | undefined {
    if (rule.severity === 'warning') {
      const judgement = this.#judge(rule.family ?? rule.code, rule);
      if (judgement === 'off') return undefined;
      const kind = `${judgement} ${rule.dialects.join(' ')}`;
      const warned = this.#warned.get(kind) ?? [];
      this.#warned.set(kind, warned);
      return warned.length >= this.#most ? undefined : (finding) => warned.push({ finding, judgement });
    }
    const found = this.#dialect === 'both' && isOfOne ? this.#refusals[only] : this.#errors;
    return found.length >= this.#most ? undefined : (finding) => found.push(finding);
  }

  /** What was found, each file's by place. When there is too much, errors come before warnings. */
  diagnostics(): readonly Diagnostic[] {
    const files = new Map([...this.#seen.keys()].map((source, index) => [source, index]));
    const fileOf = ({ finding }: JudgedFinding) => files.get(finding.at.source) ?? 0;
    const warnings = this.#warnings();
    return [
      ...this.#errorsWithMixture(),
      ...warnings.filter(({ judgement }) => judgement === 'error'),
      ...warnings.filter(({ judgement }) => judgement === 'warning'),
    ]
      .slice(0, this.#most)
      .toSorted((left, right) => fileOf(left) - fileOf(right) || left.finding.at.start - right.finding.at.start)
      .map(({ finding, judgement }) => this.#diagnosticOf(finding, judgement));
  }

  #errorsWithMixture(): JudgedFinding[] {
    const { oe, intel } = this.#refusals;
    const found = this.#errors.map((finding): JudgedFinding => ({ finding, judgement: 'error' }));
    const [first] = oe;
    const [second] = intel;
    if (first === undefined || second === undefined) return found;
    // What fewer places hold is probably what has to go.
    const [few, many] = oe.length <= intel.length ? [first, second] : [second, first];
    return [...found, { finding: this.#mixture(few, many), judgement: 'error' }];
  }

  /** Warnings, and what one compiler refuses when the other accepts. What only that one warns of matters to none. */
  #warnings(): JudgedFinding[] {
    const { oe, intel } = this.#refusals;
    const warned = [...this.#warned.values()].flat();
    if (oe.length > 0 && intel.length > 0) return warned;
    const refused = oe.length > 0 ? 'oe' : 'intel';
    if (this.#refusals[refused].length === 0) return warned;
    const differences = this.#refusals[refused].flatMap((finding): JudgedFinding[] => {
      const judgement = this.#judge(differenceFamily, finding.rule);
      return judgement === 'off' ? [] : [{ finding, judgement }];
    });
    return [
      ...warned.filter(({ finding }) => finding.rule.dialects.some((dialect) => dialect !== refused)),
      ...differences,
    ];
  }

  #isRepeated({ code }: Rule, { source, start }: Place): boolean {
    const seen = this.#seen.get(source) ?? new Set();
    this.#seen.set(source, seen);
    const key = `${start} ${code}`;
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  }

  #mixture(few: Finding, many: Finding): Finding {
    const other = this.#diagnosticOf(many, 'error');
    const where = `${other.file ?? ''}:${other.line ?? 1}:${other.column ?? 1}`;
    const [here, there] = [few, many].map(({ rule }) => compilers[rule.dialects[0] ?? 'oe'].owner);
    return {
      rule: mixedDialects,
      at: few.at,
      words: [here ?? '', there ?? ''],
      notes: [...this.#notesOf(few), `${where}: ${other.text}`, ...this.#notesOf(many)],
    };
  }

  #notesOf({ rule, words, notes }: Finding): string[] {
    const printed: string[] = [];
    for (const dialect of rule.dialects) {
      if (this.#dialect !== 'both' && dialect !== this.#dialect) continue;
      const { program, owner } = compilers[dialect];
      const text = rule[dialect]?.(...words);
      if (text !== undefined) printed.push(`${program}: ${text}`);
      else if (rule.dialects.length === 1 && this.#dialect === 'both' && rule.severity !== 'warning') {
        printed.push(`${owner}'s ${program} refuses this.`);
      }
    }
    return [...printed, ...notes];
  }

  #diagnosticOf(finding: Finding, severity: 'error' | 'warning'): Diagnostic {
    const { rule, at, words } = finding;
    const code = rule.code;
    const text = rule.text(...words);
    const notes = this.#notesOf(finding);
    const suggestion = rule.hint?.(...words);
    if (at.source.text === '') {
      return { severity, code, text, file: at.source.path, notes, ...(suggestion === undefined ? {} : { suggestion }) };
    }
    const source = { file: at.source.path, text: at.source.text };
    const { lineText, ...rest } = diagnosticAt(source, at, { code, text, notes, suggestion });
    return { severity, ...rest, ...(lineText === undefined || lineText.length > longestLine ? {} : { lineText }) };
  }
}

const differenceFamily = 'dialect-difference';

function shortened(word: string): string {
  return word.length <= longestWord ? word : `${word.slice(0, longestWord)}…`;
}
