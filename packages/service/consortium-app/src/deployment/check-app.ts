import '../errors.ts';
import { EnclosError } from '@enclos/errors';
import type { KvTransaction } from '@enclos/kv';
import type { ScriptLimits, ScriptOutcome } from '@enclos/script';
import type { AppBundle, BundleEndpoint } from '../bundle/bundle.ts';
import { loadCcfProgram, type CcfInterpreter } from '../ccf/program.ts';
import type { AppFoundation, HistoricalState } from '../context.ts';

/** What an application is checked with. */
export interface AppCheck {
  readonly foundation: AppFoundation;
  /** Each module may take so much while it loads. */
  readonly limits: ScriptLimits;
  /** What modules may read while they load. What they write into it is for the caller to throw away. */
  readonly transaction: KvTransaction;
  /** What `ccf.historicalState` is while modules of historical endpoints load. Default: not there. */
  readonly past?: HistoricalState | undefined;
}

const shownFrames = 8;
/** The longest line: applications choose messages, and names of functions in frames. */
const shownLength = 1024;
/** At the end of a frame. It begins where a word does: looked for within words, long names would cost their square. */
const placeOfFrame = /(?<![^\s()])([^\s()]+:\d+(?::\d+)?)\)?$/;
const shownProblems = 20;

/**
 * Loads an application as its first requests would: compiles and links all modules, evaluates those of endpoints, and looks for
 * the functions. So it says at the deployment what would fail only at the first request.
 *
 * @example checkApp(bundle, { foundation, limits: defaultRuntimeOptions, transaction: store.begin() });
 *
 * @throws SCRIPT_INVALID for modules that do not compile or link, with file and line; APP_INVALID that names each module that does not
 *   load, with its trace, and each function that is not there.
 */
export function checkApp({ endpoints, modules }: AppBundle, check: AppCheck): void {
  const files = modules.map(({ name, source }) => ({ name: `/${name}`, source }));
  const { engine, ...services } = check.foundation;
  const problems = new Set<string>();
  for (const role of ['readwrite', 'readonly'] as const) {
    const ofRole = endpoints.filter(({ properties }) => (properties.mode === 'readwrite') === (role === 'readwrite'));
    // Modules of no endpoint are compiled and linked all the same, once.
    if (ofRole.length === 0 && (role === 'readonly' || endpoints.length > 0)) continue;
    const interpreter = loadCcfProgram({ engine, modules: files, role, services }, check.limits);
    try {
      for (const problem of problemsOf(interpreter, ofRole, check)) problems.add(problem);
    } finally {
      interpreter.dispose();
    }
  }
  if (problems.size === 0) return;
  const shown = [...problems].slice(0, shownProblems);
  const more = problems.size > shownProblems ? [`and ${problems.size - shownProblems} more.`] : [];
  throw new EnclosError('APP_INVALID', ['The application does not load:', ...shown, ...more].join('\n  '));
}

function problemsOf(
  interpreter: CcfInterpreter,
  endpoints: readonly BundleEndpoint[],
  check: AppCheck,
): readonly string[] {
  const modules = new Set(endpoints.map(({ properties }) => properties.module));
  return [...modules].flatMap((module) => {
    const its = endpoints.filter(({ properties }) => properties.module === module);
    const isPast = its.some(({ properties }) => properties.mode === 'historical');
    const { limits, transaction, past } = check;
    const input = { transaction, effects: undefined, historicalState: isPast ? past : undefined };
    const { outcome } = interpreter.functionsOf(`/${module}`, input, limits);
    // As a request would find it: nothing of one module's globals is there for the next.
    interpreter.reset();
    if (outcome.kind !== 'returned') return [describe(outcome, module, limits)];
    const names = new Set(JSON.parse(String(outcome.value)) as readonly string[]);
    const missing = its.filter(({ properties }) => !names.has(properties.function));
    return missing.map(({ verb, path, properties }) => {
      const others = names.size === 0 ? 'none' : shortened([...names].slice(0, shownProblems).join(', '));
      return `${verb} ${path}: ${module} exports no function ${JSON.stringify(properties.function)}. Its functions: ${others}.`;
    });
  });
}

/** The first frame of the module's own code leads: what comes before it in a trace is ours. */
function describe(outcome: ScriptOutcome, module: string, { maxExecutionMs }: ScriptLimits): string {
  if (outcome.kind === 'timeout') return `${module}: took longer to load than ${maxExecutionMs} ms.`;
  if (outcome.kind === 'exhausted') return `${module}: took more ${outcome.resource} to load than the limit allows.`;
  if (outcome.kind === 'returned') return module;
  const frames = outcome.trace.split('\n').filter((line) => /:\d+/.test(line) && !line.includes('ccf-prelude.js'));
  const [, place = module] = placeOfFrame.exec(frames[0] ?? '') ?? [];
  const shown = frames.slice(0, shownFrames).map((line) => `    ${shortened(line.trim())}`);
  return [`${shortened(place)}: ${shortened(outcome.message)}`, ...shown].join('\n');
}

function shortened(text: string): string {
  return text.length <= shownLength ? text : `${text.slice(0, shownLength)}…`;
}
