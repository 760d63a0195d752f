import { EnclosError } from '@enclos/errors';
import { companionScriptPath, platformFolder } from './companion-form.ts';
import type { CompanionManifest } from './companion-type.ts';
import type { EmbeddedFile } from '../files.ts';

/** The embedded files of an image by whom they are for. */
export interface SortedFiles {
  /** What the application finds inside. */
  readonly ofApplication: readonly EmbeddedFile[];
  /** The scripts of companions, by name. */
  readonly scripts: ReadonlyMap<string, Uint8Array>;
}

/**
 * Tells the scripts of companions from the files of the application.
 * @throws IMAGE_INVALID when a companion has no script, or the platform's folder holds something else
 */
export function sortFiles(companions: readonly CompanionManifest[], files: readonly EmbeddedFile[]): SortedFiles {
  if (companions.length === 0) return { ofApplication: files, scripts: new Map() };
  const ofPlatform = new Map(files.filter(isOfPlatform).map(({ path, content }) => [path, content]));
  const scripts = new Map<string, Uint8Array>();
  for (const { name } of companions) {
    const path = companionScriptPath(name);
    const script = ofPlatform.get(path);
    if (script === undefined) throw new EnclosError('IMAGE_INVALID', `The companion "${name}" has no script.`);
    ofPlatform.delete(path);
    scripts.set(name, script);
  }
  const [other] = ofPlatform.keys();
  if (other !== undefined) throw new EnclosError('IMAGE_INVALID', `${other} belongs to no companion.`);
  return { ofApplication: files.filter((file) => !isOfPlatform(file)), scripts };
}

function isOfPlatform({ path }: EmbeddedFile): boolean {
  return path.startsWith(`${platformFolder}/`);
}
