import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { findInterpreter } from '@enclos/isolation';
import {
  bootParts,
  enclaveDescriptors,
  interpreterFlags,
  loaderParts,
  type LoaderParts,
  loaderText,
  passingParts,
} from '@enclos/loader';
import { runBundleProcess } from '@enclos/testkit';

export type LoaderPart = keyof typeof loaderParts;
export type StandIns = Partial<Record<LoaderPart, unknown>>;

/** In place of a part that is off: gives what the others need. */
const skipped: StandIns = {
  pureModules: (require: NodeJS.Require) => (name: string) => require(name) as unknown,
  stripTls: () => ({ readBytes: () => undefined, minimumVersion: () => undefined }),
  pureTls: (require: NodeJS.Require) => require('node:tls') as object,
};

export interface RunOptions {
  /** Parts that are off. */
  readonly skip?: readonly LoaderPart[];
  /** Parts in the place of others. */
  readonly standIns?: StandIns;
  /** Gives the bundle a passage: `passed()` is the connection that comes through it. */
  readonly passes?: boolean;
  /** What the other end of that connection does. Default: answers what it reads with the same. */
  readonly peer?: (client: Socket) => void;
}

/** Runs the body of an asynchronous function as a bundle, under the loader. @returns what it returns, or its error as text */
export async function runLoader(body: string, options: RunOptions = {}): Promise<unknown> {
  const { skip = [], standIns = {}, passes = false, peer } = options;
  // Each stands in for a part of the same name.
  const others = Object.fromEntries([
    ...skip.map((part): [string, unknown] => [part, skipped[part] ?? (() => undefined)]),
    ...Object.entries(standIns),
  ]) as Partial<LoaderParts>;
  const parts: LoaderParts = {
    ...loaderParts,
    ...bootParts,
    ...(passes ? passingParts : {}),
    ...others,
  };
  const source = loaderText(parts);
  const script = `(function (cap) {
    const chain = (value) => { const all = []; for (let at = value; at; at = Object.getPrototypeOf(at)) all.push(at); return all };
    const passed = () => new Promise((resolve) => cap.passage.start((frame, socket) => resolve(socket)));
    const attempt = async () => { ${body} };
    const send = (answer) => cap.platform.write(JSON.stringify(answer ?? null), () => cap.exit(0));
    attempt().then(send, (error) => send(String(error)));
  })`;
  const flags = interpreterFlags({ heapSizeBytes: 64n * 1024n * 1024n, debug: true });
  const words = [findInterpreter().path, ...flags, '-e', source];
  const { answer, errors } = await runBundleProcess({ words, script, descriptors: enclaveDescriptors, passes, peer });
  assert.notEqual(answer, '', errors);
  return JSON.parse(answer) as unknown;
}
