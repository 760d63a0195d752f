import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';

import { diagnosticAt } from '@enclos/diagnostics';
import type { PartialMessage, Plugin } from 'esbuild';

import type { PluginDetail } from './bundler-messages.ts';
import { isOwnFile } from './import-plugin.ts';
import { scanSource, type SourceFinding } from './source-scan.ts';

function messageFor(file: string, text: string, finding: SourceFinding): PartialMessage {
  const place = diagnosticAt({ file, text }, finding.span, { code: 'BUILD_FORBIDDEN_IMPORT', text: finding.text });
  const { line = 1, column = 1, length = 1, lineText = '' } = place;
  const detail: PluginDetail = { code: place.code, suggestion: finding.suggestion };
  // The bundler's columns are bytes of UTF-8, from 0.
  const before = Buffer.byteLength(lineText.slice(0, column - 1));
  return { text: finding.text, detail, location: { file, line, column: before, length, lineText } };
}

/** Looks into the project's own sources for what only fails at run time. */
export function scanPlugin(folder: string): Plugin {
  return {
    name: 'enclos-scan',
    setup(build) {
      build.onLoad({ filter: /\.[cm]?[jt]sx?$/ }, async ({ path }) => {
        if (!isOwnFile(folder, path)) return undefined;
        const text = await readFile(path, 'utf8');
        const file = relative(folder, path).split(sep).join('/');
        const errors = scanSource(text).map((finding) => messageFor(file, text, finding));
        return errors.length === 0 ? undefined : { errors };
      });
    },
  };
}
