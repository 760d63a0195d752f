import inspector from 'node:inspector';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Io } from '@enclos/cli-frame';
import { addressText, type NetworkAddress } from '@enclos/command-line';
import { issueShares, makeServiceIdentity, Sandbox, type TokenIssuer } from '@enclos/consortium-app';
import { EnclosError, isEnclosError } from '@enclos/errors';
import type { ScriptEngine } from '@enclos/script';
import { homeOf, readApp, sourceFolders, type LoadedFolder } from './app-folder.ts';
import { curlOf } from './curl.ts';
import { makeCredentials, writeCredentials, type PartyCounts } from './credentials.ts';
import { LedgerFolder } from './ledger-folder.ts';
import { serveSandbox } from './server.ts';
import type { IssuedToken } from './tokens.ts';
import type { SandboxView } from './view.ts';
import { FileWatch } from './watch.ts';

export interface SandboxRun {
  /** A folder with app.json, or a bundle.json. */
  readonly app: string;
  readonly listen: NetworkAddress;
  readonly engine: 'quickjs' | 'v8';
  readonly inspect: NetworkAddress | undefined;
  readonly certificates: string;
  readonly ledger: string | undefined;
  readonly parties: PartyCounts;
  /** Issuers whose tokens are accepted. */
  readonly issuers: readonly TokenIssuer[];
  /** A token that is accepted, too. */
  readonly issued: IssuedToken | undefined;
}

/**
 * Runs a sandbox until a signal. A first version of the application that does not load ends it; of a later one the reason is shown,
 * and the one before stays.
 */
export async function runSandbox(run: SandboxRun, io: Pick<Io, 'onSignal'>, view: SandboxView): Promise<void> {
  const engine = await engineOf(run);
  const first = await readApp(run.app);
  const identity = makeServiceIdentity([...new Set([run.listen.host, '127.0.0.1', 'localhost'])].filter(isNamed));
  const credentials = await makeCredentials(run.parties);
  const { users, ledgerSecret } = credentials;
  const members = credentials.members.map(({ signing, encryption }) => ({
    certificate: signing.certificate,
    encryptionKey: encryption.publicKey,
  }));
  const files = run.ledger === undefined ? undefined : new LedgerFolder(run.ledger);
  let { places } = first;
  const sandbox = new Sandbox({
    engine,
    identity,
    members,
    users,
    ledgerSecret,
    recoveryShares: await issueShares(ledgerSecret, members),
    issuers: [...run.issuers, ...(run.issued === undefined ? [] : [run.issued.issuer])],
    address: `${run.listen.host}:${run.listen.port}`,
    log: (level, line) => view.log(level, places(line)),
    ...(files === undefined ? {} : { sink: files }),
  });
  const deploy = (next: LoadedFolder): void => {
    try {
      sandbox.deploy(next.bundle);
    } catch (error) {
      throw inSources(error, next);
    }
    // Not before: exceptions of the version before have its lines.
    places = next.places;
    view.loaded({ endpoints: next.bundle.endpoints.length, modules: next.bundle.modules.length });
  };
  if (run.inspect !== undefined) openInspector(run.inspect);
  deploy(first);
  const server = await serveSandbox(run.listen, identity.node, (request) => sandbox.submit(request));
  // Not before: a sandbox that cannot start leaves the files of the one that runs.
  await writeCredentials(run.certificates, identity, credentials, run.issued);
  const watch = watchApp(run.app, first, deploy, view);
  view.listening({
    url: server.url,
    certificates: run.certificates,
    curl: curlOf(server.url, { certificates: run.certificates, hasToken: run.issued !== undefined }, first.bundle),
  });
  await new Promise<void>((resolve) => {
    const stop = io.onSignal(() => {
      stop();
      resolve();
    });
  });
  watch.close();
  await server.close();
  sandbox.close();
  await files?.finished();
  if (run.inspect !== undefined) inspector.close();
  view.ended();
}

/** Loads the application again after each change, one at a time. */
function watchApp(
  app: string,
  first: LoadedFolder,
  deploy: (next: LoadedFolder) => void,
  view: SandboxView,
): FileWatch {
  let { files } = first;
  let loading: Promise<void> = Promise.resolve();
  const load = async (): Promise<void> => {
    try {
      let next: LoadedFolder;
      try {
        next = await readApp(app);
      } catch (error) {
        // It may lack a file that comes later.
        watch.set([...files, join(app, 'src')], sourceFolders(app));
        throw error;
      }
      ({ files } = next);
      watch.set(files);
      deploy(next);
    } catch (error) {
      view.refused(error);
    }
  };
  const watch = new FileWatch(() => {
    loading = loading.then(load);
  });
  watch.set(files);
  return watch;
}

/** What is wrong with an application, where its authors wrote it. */
function inSources(error: unknown, { places }: LoadedFolder): unknown {
  if (!isEnclosError(error, 'APP_INVALID') && !isEnclosError(error, 'SCRIPT_INVALID')) return error;
  return new EnclosError(error.code, places(error.message), { cause: error });
}

/** @throws CLI_ADDRESS_IN_USE: Node only prints that it could not listen. */
function openInspector({ host, port }: NetworkAddress): void {
  inspector.open(port, host);
  if (inspector.url() !== undefined) return;
  throw new EnclosError('CLI_ADDRESS_IN_USE', `Another program already listens at ${addressText({ host, port })}.`);
}

/** Loaded when it is wanted: V8's needs the linker, and QuickJS's the interpreter that the build made. */
async function engineOf({ engine, inspect, app }: SandboxRun): Promise<ScriptEngine> {
  if (engine === 'v8') {
    const { v8Engine } = await import('@enclos/script/v8');
    return v8Engine(inspect === undefined ? {} : { debugged: pathToFileURL(join(homeOf(app), sep)) });
  }
  const [{ quickJsEngine }, { findQuickJs }] = await Promise.all([
    import('@enclos/script/quickjs'),
    import('@enclos/script/artefact'),
  ]);
  return quickJsEngine({ wasm: findQuickJs().wasm });
}

/** Certificates of ours have no names of IPv6. */
function isNamed(host: string): boolean {
  return !host.includes(':');
}
