import { isEnclosError } from '@enclos/errors';

import { renderDiagnostic } from '@enclos/diagnostics';
import { BuildError } from '../src/diagnostic.ts';
import { parseProject } from '../src/project/project.ts';

const full = {
  name: 'demo',
  productId: 1,
  securityVersion: 1,
  heapSize: '64MB',
  attributes: { kss: true, familyId: '00'.repeat(16) },
  files: [{ source: 'a', target: '/a' }],
  mounts: [{ target: '/m', type: 'memfs' }],
  env: [{ name: 'A', value: 'é' }],
  limits: { maxDepth: 3 },
};

export const seeds: readonly Uint8Array[] = [
  new TextEncoder().encode(JSON.stringify(full, null, 2)),
  new TextEncoder().encode('{"name":"demo",\n"heapsize":1e3,"__proto__":[[[]]]}'),
];

/** Every text is a project or an error whose diagnostics can be shown. */
export function fuzz(data: Uint8Array): void {
  try {
    parseProject('/project', new TextDecoder().decode(data));
  } catch (error) {
    if (!isEnclosError(error)) throw error;
    if (error instanceof BuildError) error.diagnostics.forEach((diagnostic) => renderDiagnostic(diagnostic));
  }
}
