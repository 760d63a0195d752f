import { isEnclosError } from '@enclos/errors';
import { ScriptThrow, type ScriptEngine, type ScriptInterpreter, type ScriptLimits } from '@enclos/script';

const shown = 'proposed constitution';
const module = '/proposed constitution';

/** Arguments, as CCF demands them: those that a function must have, and that it may have. */
const functions = [
  { name: 'apply', required: ['proposal', 'proposerId'], optional: [] },
  { name: 'resolve', required: ['proposal', 'proposerId', 'votes'], optional: ['proposalId'] },
  { name: 'validate', required: ['input'], optional: [] },
] as const;

const prelude = {
  name: 'constitution-prelude.js',
  source: `((host) => {
    const load = host.import;
    host.register('arity', (name) => { const found = load('${module}')[name]; return typeof found === 'function' ? found.length >>> 0 : undefined; });
  })(host);`,
};

/**
 * Whether a text is a constitution: it exports its three functions, with as many arguments as they get. It is evaluated, in a
 * separate interpreter, which sees nothing of the service, within the limits that are left of the call that asks.
 */
export function validateConstitution(engine: ScriptEngine, source: string, limits: ScriptLimits): void {
  const ends = Date.now() + limits.maxExecutionMs;
  const interpreter = load(engine, source, limits);
  try {
    for (const checked of functions) {
      const maxExecutionMs = Math.max(1, ends - Date.now());
      checkFunction(interpreter, checked, { ...limits, maxExecutionMs });
    }
  } finally {
    interpreter.dispose();
  }
}

function load(engine: ScriptEngine, source: string, limits: ScriptLimits): ScriptInterpreter {
  try {
    return engine.load({ prelude: [prelude], modules: [{ name: module, source }], host: {} }, limits);
  } catch (error) {
    if (isEnclosError(error, 'SCRIPT_INVALID')) throw notExported('apply', error.message);
    throw error;
  }
}

function notExported(name: string, why: string): ScriptThrow {
  return new ScriptThrow('TypeError', `${shown} does not export a function named ${name}: ${why}`);
}

function checkFunction(
  interpreter: ScriptInterpreter,
  { name, required, optional }: (typeof functions)[number],
  limits: ScriptLimits,
): void {
  const outcome = interpreter.call('arity', [name], limits);
  if (outcome.kind === 'timeout') throw new ScriptThrow('Error', `${shown} took too long to evaluate`);
  if (outcome.kind === 'threw') throw notExported(name, outcome.message);
  if (outcome.kind === 'exhausted') throw notExported(name, `the ${outcome.resource} is exhausted`);
  if (typeof outcome.value !== 'number') throw notExported(name, 'there is no such function');
  const most = required.length + optional.length;
  if (outcome.value >= required.length && outcome.value <= most) return;
  const wanted =
    optional.length === 0
      ? `expected ${args(required.length)} (${required.join(', ')})`
      : `expected between ${required.length} and ${most} args (${required.join(', ')}[, ${optional.join(', ')}])`;
  throw new ScriptThrow('TypeError', `${shown} exports function ${name} with ${args(outcome.value)}, ${wanted}`);
}

function args(count: number): string {
  return `${count} ${count === 1 ? 'arg' : 'args'}`;
}
