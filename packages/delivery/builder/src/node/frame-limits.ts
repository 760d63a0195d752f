import { grouped } from '@enclos/diagnostics';
import type { Func, Interface } from '@enclos/edl';
import { FRAME_HEADER_BYTES } from '@enclos/gate';

import { buildFailure } from '../diagnostic.ts';
import type { Project } from '../project/project.ts';

type EdlType = Func['result'];

/**
 * The longest encoding of a type, in bytes. By shape, and by the name of the symbol: the interface was made by the project's own
 * copy of @enclos/edl. Undefined for a copy that keeps it elsewhere.
 */
function longestOf(type: EdlType): number | undefined {
  const symbol = Object.getOwnPropertySymbols(type).find(({ description }) => description === 'enclos.edl.codec');
  const codec: unknown = symbol === undefined ? undefined : Reflect.get(type, symbol);
  const bytes: unknown = typeof codec === 'object' && codec !== null ? Reflect.get(codec, 'maxBytes') : undefined;
  return typeof bytes === 'number' ? bytes : undefined;
}

/** `"photo" alone can take 8,388,612`, for the largest of several parameters. */
function largestParameter({ parameters }: Func): string {
  const sizes = Object.entries(parameters.fields).map(([name, type]) => [name, longestOf(type) ?? 0] as const);
  const [first] = sizes.sort(([, a], [, b]) => b - a);
  return first === undefined ? '' : `; "${first[0]}" alone can take ${grouped(first[1])}`;
}

/**
 * Refuses an interface that allows values which no message can carry: such a call would fail only with the
 * first value that is large enough.
 *
 * @throws BuildError BUILD_INTERFACE_TOO_LARGE with a diagnostic for each value.
 */
export function checkFrameLimits(
  project: Pick<Project, 'interface' | 'limits'>,
  { trusted, untrusted }: Interface,
): void {
  const { maxFrameBytes } = project.limits;
  const most = maxFrameBytes - FRAME_HEADER_BYTES;
  const problems = [...Object.entries(trusted), ...Object.entries(untrusted)].flatMap(([name, func]) =>
    (['parameters', 'result'] as const).flatMap((part) => {
      const longest = longestOf(func[part]) ?? 0;
      if (longest <= most) return [];
      const what = part === 'result' ? `the result of ${name}()` : `the parameters of ${name}()`;
      const largest = part === 'result' ? '' : largestParameter(func);
      const text = `${what} can take ${grouped(longest)} bytes, and a message carries at most ${grouped(most)}${largest}`;
      const limit = `limits.maxFrameBytes is ${grouped(maxFrameBytes)}, with ${FRAME_HEADER_BYTES} bytes of it for the header`;
      const suggestion = `a lower bound in ${project.interface}, a larger limits.maxFrameBytes in enclave.json, or several calls`;
      return [{ code: 'BUILD_INTERFACE_TOO_LARGE', text, file: project.interface, notes: [limit], suggestion }];
    }),
  );
  if (problems.length > 0) throw buildFailure('BUILD_INTERFACE_TOO_LARGE', problems);
}
