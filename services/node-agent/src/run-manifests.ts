import { resolve } from 'node:path';
import { writeManifestFiles } from '@enclos/kubernetes/manifests';
import type { Log } from './log.ts';
import { manifestsHelp, parseManifestOptions } from './manifests/command.ts';
import { agentFiles } from './manifests/files.ts';

/** Writes the manifests that a command line asks for. @throws AGENT_USAGE, and what keeps the files from being written */
export async function runManifests(argv: readonly string[], log: Log): Promise<void> {
  const asked = parseManifestOptions(argv);
  if (asked === undefined) return void process.stdout.write(manifestsHelp());
  const files = agentFiles(asked.options);
  await writeManifestFiles(asked.folder, files);
  log.info('manifests', { folder: resolve(asked.folder), files: files.length });
}
