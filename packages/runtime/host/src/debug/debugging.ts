import type { CallOptions, Invoke } from '@enclos/edl';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { patientLimits } from '@enclos/gate';
import { isProgramManifest, type EnclaveManifest } from '@enclos/manifest';
import type { EnclaveExit } from '@enclos/tee';
import { levelOf, type LogLevel } from '../observe/logger.ts';
import type { DeveloperTool } from './developer-tool.ts';
import { mendShown, readableOutput } from './readable-output.ts';
import { sourcePositions } from './source-positions.ts';

export interface DebuggingOptions {
  readonly sourceMap?: string | undefined;
  readonly developerTool?: DeveloperTool | undefined;
  readonly onLog?: ((level: LogLevel, text: string) => void) | undefined;
}

/** What is different for an enclave that is being developed. For a production enclave this changes nothing. */
export interface Debugging {
  readonly inspected: boolean;
  /** Limits of the gate that a paused enclave could not meet. */
  readonly limits: Partial<typeof patientLimits>;
  /** The options of a call: a call that a breakpoint holds must not time out. */
  callOptions(options: CallOptions | undefined): CallOptions | undefined;
  /** Wraps calls as debugging requires. */
  through(invoke: Invoke): Invoke;
  /** The enclave's answer. Traces in its failures point to sources. */
  outcome<R>(answer: Promise<R>): Promise<R>;
  /** Why the enclave ended. The output of a debug enclave points to sources. */
  exit(exit: EnclaveExit): EnclaveExit;
  /** For the gate, where levels are numbers. */
  readonly onLog: ((level: number, text: string) => void) | undefined;
}

/** @throws LAUNCH_INSPECTOR_REFUSED when an inspector is requested for a production enclave, or for a program. */
export function createDebugging(manifest: EnclaveManifest, options: DebuggingOptions): Debugging {
  const { sourceMap, developerTool } = options;
  const inspected = developerTool?.inspects === true;
  if (inspected && !manifest.debug) throw new EnclosError('LAUNCH_INSPECTOR_REFUSED');
  if (inspected && isProgramManifest(manifest)) {
    throw new EnclosError('LAUNCH_INSPECTOR_REFUSED', 'An enclave that is a program has no inspector.');
  }
  const mapsTraces = manifest.debug && sourceMap !== undefined;
  const positions = mapsTraces ? sourcePositions(sourceMap) : same;
  const readable = (text: string): string => (manifest.debug ? readableOutput(positions(text)) : text);
  const callOptions = (given: CallOptions | undefined): CallOptions | undefined =>
    inspected ? withoutDeadline(given) : given;
  const outcome = <R>(answer: Promise<R>): Promise<R> => (manifest.debug ? withSources(answer, readable) : answer);
  return Object.freeze({
    inspected,
    limits: inspected ? patientLimits : {},
    callOptions,
    outcome,
    through: (invoke: Invoke): Invoke =>
      manifest.debug ? (call) => outcome(invoke({ ...call, options: callOptions(call.options) })) : invoke,
    exit: (exit: EnclaveExit) => ({ ...exit, detail: readable(exit.detail) }),
    onLog: logOf(options, positions),
  });
}

function same(text: string): string {
  return text;
}

function withoutDeadline(options: CallOptions | undefined): CallOptions | undefined {
  if (options?.timeoutMs === undefined) return options;
  const { timeoutMs: _, ...rest } = options;
  return rest;
}

async function withSources<R>(answer: Promise<R>, positions: (text: string) => string): Promise<R> {
  try {
    return await answer;
  } catch (error) {
    throw isEnclosError(error) ? mapped(error, positions) : error;
  }
}

function mapped(error: EnclosError, positions: (text: string) => string): EnclosError {
  const message = positions(error.message);
  return message === error.message
    ? error
    : new EnclosError(error.code, message, { details: error.details, cause: error, next: nextOf(error) });
}

/** The advice for a failed call is to load a debug enclave, which this is. */
function nextOf({ code, next }: EnclosError): string {
  return code === 'ENCLAVE_CALL_FAILED' || code === 'ENCLAVE_START_FAILED' ? mendShown : next;
}

function logOf({ developerTool, onLog }: DebuggingOptions, positions: (text: string) => string): Debugging['onLog'] {
  if (developerTool?.logLevel() === undefined) {
    return onLog === undefined ? undefined : (level, text) => onLog(levelOf(level), positions(text));
  }
  const write = onLog ?? ((_level: LogLevel, text: string) => process.stderr.write(`enclave: ${text}\n`));
  return (level, text) => {
    if (level <= (developerTool.logLevel() ?? level)) write(levelOf(level), positions(text));
  };
}
