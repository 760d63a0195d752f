import { BuildError, countOf, parseJsonSource, schemaDiagnostics } from '@enclos/build/diagnostics';
import { deploySchema, type DeploySettings } from './settings.ts';

export const DEPLOY_FILE = 'deploy.json';
const code = 'DEPLOY_SETTINGS_INVALID';

/**
 * Parses the text of a `deploy.json`.
 * @throws BuildError DEPLOY_SETTINGS_INVALID with a diagnostic for every problem.
 */
export function parseDeploySettings(text: string, file: string = DEPLOY_FILE): DeploySettings {
  const source = parseJsonSource(file, text, code);
  const result = deploySchema.safeParse(source.value);
  if (result.success) return Object.freeze(result.data);
  const diagnostics = schemaDiagnostics(result.error.issues, { file, text, source, schema: deploySchema, code });
  throw new BuildError(code, `${file} has ${countOf(diagnostics.length, 'problem')}.`, diagnostics);
}
