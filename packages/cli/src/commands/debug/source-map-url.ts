import { pathToFileURL } from 'node:url';
import { EnclosError } from '@enclos/errors';

/**
 * The source map of a build as a data URL, its sources named by absolute file
 * URLs: a debugger finds the files of the project wherever it runs on this machine.
 * @param json NAME.map
 */
export function sourceMapUrl(json: string, projectFolder: string): string {
  const map: unknown = JSON.parse(json);
  if (typeof map !== 'object' || map === null) {
    throw new EnclosError('CLI_FILE_INVALID', 'The source map is not a JSON object.');
  }
  const sourceRoot = `${pathToFileURL(projectFolder).href}/`;
  const base64 = Buffer.from(JSON.stringify({ ...map, sourceRoot })).toString('base64');
  return `data:application/json;base64,${base64}`;
}
