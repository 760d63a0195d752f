import { grouped } from '@enclos/diagnostics';

import type { BuildReport, ProgramReport, ScriptReport, TrustedFile } from '../build-report.ts';
import { byteCount, group, node, type InspectNode } from './report.ts';

function fileNode({ name, sha256, sizeBytes }: TrustedFile): InspectNode {
  return node(
    name,
    sizeBytes === undefined ? 'not on the building machine' : byteCount(sizeBytes),
    `SHA-256 ${sha256}`,
  );
}

function packageNodes(report: Pick<ScriptReport, 'packages'>): readonly InspectNode[] {
  return report.packages.map(({ name, version, bytesInBundle, sourceLines }) =>
    node(version === '' ? name : `${name}@${version}`, byteCount(bytesInBundle), `${grouped(sourceLines)} lines`),
  );
}

function companionNodes({ companions = [] }: ScriptReport): readonly InspectNode[] {
  if (companions.length === 0) return [];
  const nodes = companions.map((companion) => {
    const lines = companion.packages.reduce((sum, { sourceLines }) => sum + sourceLines, 0);
    const script = group(
      `script, ${byteCount(companion.bundleBytes)}, ${grouped(lines)} lines`,
      packageNodes(companion),
    );
    return group(companion.name, [script, ...companion.files.map(fileNode)]);
  });
  return [group('companions', nodes, 'in their own processes: trusted with what the enclave sends them')];
}

function isAddon({ name }: TrustedFile): boolean {
  return name.endsWith('.node');
}

/**
 * The packages that the enclave trusts. The image does not list them: this is the
 * build's word, shown only where it speaks of the same bundle.
 */
export function trustedBaseNodes(report: BuildReport | undefined, hadReport: boolean): InspectNode {
  const label = 'trusted base';
  if (report === undefined) {
    const reason = hadReport
      ? 'the report beside the image is of another build'
      : 'no report beside the image; `enclos build` writes one';
    return node(label, 'unknown', reason);
  }
  if ('program' in report) return programNodes(report, label);
  const lines = report.packages.reduce((sum, entry) => sum + entry.sourceLines, 0);
  const { interpreter } = report;
  const addons = report.trustedFiles.filter(isAddon);
  const others = report.trustedFiles.filter((file) => !isAddon(file));
  return group(
    label,
    [
      group(`bundle, ${byteCount(report.bundleBytes)}, ${grouped(lines)} lines`, packageNodes(report)),
      node('bundler', `${report.bundler.name} ${report.bundler.version}`, 'made the bundle, and is not in it'),
      group(`interpreter Node ${interpreter.version}`, interpreter.files.map(fileNode)),
      group('native addons', addons.length === 0 ? [node('none')] : addons.map(fileNode)),
      ...(others.length === 0 ? [] : [group('trusted files', others.map(fileNode))]),
      ...companionNodes(report),
      ...(interpreter.unmeasuredLibraries.length === 0
        ? []
        : [
            group(
              'system libraries',
              interpreter.unmeasuredLibraries.map((name) => node(name)),
              'loaded by the interpreter and not measured',
            ),
          ]),
    ],
    'told by the build, not measured; lines are formatted source without comments',
  );
}

function programNodes({ toolchain, trustedFiles, bundleBytes }: ProgramReport, label: string): InspectNode {
  const made =
    toolchain === undefined
      ? [node('made by', 'unknown', 'the build was given the program as it is')]
      : [
          node('made by', `${toolchain.name} ${toolchain.version}`),
          ...toolchain.inputs.map(({ name, sha256 }) => node(name, undefined, `SHA-256 ${sha256}`)),
        ];
  return group(
    label,
    [
      node('program', byteCount(bundleBytes), 'all of its code: it loads no interpreter and no library'),
      ...made,
      ...(trustedFiles.length === 0 ? [] : [group('trusted files', trustedFiles.map(fileNode))]),
    ],
    'told by the build, not measured',
  );
}
