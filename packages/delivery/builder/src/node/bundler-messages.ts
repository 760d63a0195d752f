import type { Message } from 'esbuild';

import type { Diagnostic } from '@enclos/diagnostics';

/** The detail that our plugins attach to a message. */
export interface PluginDetail {
  readonly code: string;
  readonly suggestion?: string;
}

const noRuntimeLoading = 'an import whose name is a string literal, so that the module is in the bundle and measured';

/** Suggestions for the bundler's own messages, by its identifier for them. */
const suggestions: Readonly<Record<string, string>> = {
  'unsupported-dynamic-import': noRuntimeLoading,
  'unsupported-require-call': noRuntimeLoading,
  'indirect-require': noRuntimeLoading,
};

/**
 * How loud the bundler is about loading that it cannot see through, in packages too. In an enclave the code that it points at
 * cannot work, unless that code is prepared. The rest is found in the script.
 */
export const messageLevels = Object.freeze({
  'unsupported-dynamic-import': 'warning',
  'unsupported-require-call': 'warning',
  'indirect-require': 'warning',
  'direct-eval': 'silent',
} as const);

export function isAboutLoading({ id }: Message): boolean {
  return id in messageLevels;
}

function isPluginDetail(detail: unknown): detail is PluginDetail {
  return typeof detail === 'object' && detail !== null && 'code' in detail;
}

function suggestionFor(message: Message): string | undefined {
  if (isPluginDetail(message.detail)) return message.detail.suggestion;
  if (message.text.startsWith('Top-level await')) {
    return 'the `start` option of defineEnclave(), which runs before the first call';
  }
  if (message.text.startsWith('No loader is configured for ".node"')) {
    return 'code compiled to WebAssembly: an enclave loads no native addons';
  }
  const [, absent] = /^Could not resolve "((?:@[^"/]+\/)?[^"/.][^"/]*)/.exec(message.text) ?? [];
  if (absent !== undefined) return installationOf(absent);
  return suggestions[message.id] ?? (message.location?.suggestion || undefined);
}

/** A name of ours is never one to install from a registry: another user may have registered it there. */
function installationOf(name: string): string {
  return name.startsWith('@enclos/')
    ? `npm install, if package.json lists ${name}; if not, list it there like the other packages of Enclos`
    : `npm install, if package.json lists ${name}; npm install ${name}, if not`;
}

function codeFor(message: Message): string {
  if (isPluginDetail(message.detail)) return message.detail.code;
  return isAboutLoading(message) ? 'BUILD_FORBIDDEN_IMPORT' : 'BUILD_FAILED';
}

/** Links to the bundler's documentation and advice to leave a module out do not help with an enclave. */
const aboutBundler = /:\/\/esbuild|You can mark the path|surround this/;

/** The bundler counts columns in bytes of UTF-8, and from 0. */
function utf16Length(text: string, start: number, end?: number): number {
  return Buffer.from(text, 'utf8').subarray(start, end).toString('utf8').length;
}

/** A message of the bundler in the shape that every diagnostic of the build has. */
export function fromBundler(message: Message): Diagnostic {
  const { location } = message;
  const suggestion = suggestionFor(message);
  return Object.freeze({
    code: codeFor(message),
    text: message.text,
    ...(location === null
      ? {}
      : {
          file: location.file,
          line: location.line,
          column: utf16Length(location.lineText, 0, location.column) + 1,
          length: Math.max(1, utf16Length(location.lineText, location.column, location.column + location.length)),
          lineText: location.lineText,
        }),
    notes: message.notes.map((note) => note.text).filter((text) => !aboutBundler.test(text)),
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}
