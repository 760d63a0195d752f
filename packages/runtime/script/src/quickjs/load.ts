import { EnclosError } from '@enclos/errors';

import type { ScriptFile, ScriptLimits, ScriptProgram } from '../engine.ts';
import { importPlace } from './import-place.ts';
import type { Instance } from './instance.ts';

/**
 * Puts a program into a new instance.
 * @throws EnclosError SCRIPT_INVALID
 */
export function loadInto(
  instance: Instance,
  hostNames: readonly string[],
  program: ScriptProgram,
  limits: ScriptLimits,
): void {
  const { exports } = instance;
  const put = (text: string) => {
    const bytes = Buffer.from(text, 'utf8');
    const address = exports.reserve(bytes.length) >>> 0;
    instance.slots.bytes.set(bytes, address);
    return [address, bytes.length] as const;
  };
  const putFile = ({ name, source }: ScriptFile) => [put(name)[0], ...put(source)] as const;
  const ended = instance.run(limits.maxExecutionMs, () => {
    exports._initialize();
    exports.create(Math.min(limits.maxHeapBytes, 0xffff_ffff), Math.min(limits.maxStackBytes, instance.stackTop >> 1));
    hostNames.forEach((name, index) => exports.host_function(put(name)[0], index));
    for (const file of program.prelude) if (exports.prelude(...putFile(file)) !== 0) return -1;
    for (const file of program.modules) exports.module(...putFile(file));
    return exports.link();
  });
  if (ended === 0) return;
  throw new EnclosError(
    'SCRIPT_INVALID',
    typeof ended === 'number' ? wordsOf(instance, program.modules, ended - 1) : endWords[ended.kind],
  );
}

const endWords = {
  returned: 'Loading ended early.',
  threw: 'The interpreter could not load the program.',
  timeout: 'Loading took longer than the limit of time.',
  exhausted: 'Loading took more memory or stack than the limits allow.',
};

/** The message with the file and line of the first frame or of the import, or else the module: `/app.js:2:18: unexpected token`. */
function wordsOf({ slots }: Instance, modules: readonly ScriptFile[], failed: number): string {
  const [message, trace] = [slots.read(0), slots.read(1)];
  const place =
    typeof trace === 'string' ? /(?<!\S)(\S+:\d+:\d+)\)?$/m.exec(trace.replaceAll('(', ''))?.[1] : undefined;
  const linked = typeof message === 'string' ? importPlace(message, modules) : undefined;
  const where = place ?? linked ?? modules[failed]?.name;
  return `${where === undefined ? '' : `${where}: `}${typeof message === 'string' ? message : 'It threw something without a text.'}`;
}
