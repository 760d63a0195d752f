import './errors.ts';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { allowEarlyEnd, createPrinter, exitCodeOf } from '@enclos/command-line';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { jsonLines, type EnclosLogger } from '@enclos/host';
import { writeManifestFiles } from '@enclos/kubernetes/manifests';
import { readAuthority, writeAuthority } from './certificates/folder.ts';
import { bundleOf, rotate } from './certificates/rotate.ts';
import { readCommandLine } from './command-line/commands.ts';
import type { CertificatesOptions, ManifestsOptions, ServeOptions } from './command-line/options.ts';
import { webhookFiles } from './manifests/files.ts';
import { serviceName } from './manifests/options.ts';
import { answerReview } from './review/answer.ts';
import { servingCertificate } from './server/certificate-files.ts';
import { defaultLimits } from './server/limits.ts';
import { runServer } from './server/run-server.ts';

/** Runs the command line of this process, and sets its exit code: that of the kind of the error, or 1 for an error without a code. */
export async function main(): Promise<void> {
  allowEarlyEnd(process.stdout);
  const logger = jsonLines();
  try {
    const call = await readCommandLine(process.argv.slice(2));
    if (call.kind === 'help') {
      call.show(createPrinter({ color: false, write: (text) => void process.stdout.write(text) }));
      return;
    }
    await call.command.execute(call.input, {
      serve: (options) => serve(options, logger),
      certificates: (options) => makeCertificates(options, logger),
      manifests: (options) => writeManifests(options, logger),
    });
  } catch (error) {
    process.exitCode = isEnclosError(error) ? exitCodeOf(error) : 1;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNEXPECTED';
    const next = isEnclosError(error) ? { next: error.next } : {};
    const message = error instanceof Error ? error.message : 'It failed for an unknown reason.';
    logger.error({ event: 'failed', code, ...next }, message);
  }
}

async function serve(options: ServeOptions, logger: EnclosLogger): Promise<void> {
  const { certificate, key, clientCa, host, port, healthPort, drainMs, reloadMs } = options;
  // Before anything is served: as process 1 of a container, a signal without a handler does nothing.
  const told = new Promise<void>((settle) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => settle());
  });
  const running = await runServer({
    files: {
      readCertificate: () => readFile(certificate, 'utf8'),
      readKey: () => readFile(key, 'utf8'),
      readClientCa: clientCa === undefined ? undefined : () => readFile(clientCa, 'utf8'),
    },
    host,
    port,
    healthPort,
    drainMs,
    finishMs: 10_000,
    reloadMs,
    answer: (body) => answerReview(body),
    limits: defaultLimits,
    logger,
    nowMs: Date.now,
  });
  await told;
  await running.stop();
}

async function makeCertificates(options: CertificatesOptions, logger: EnclosLogger): Promise<void> {
  const { folder, name, renew } = options;
  const service = serviceName(options);
  const dnsNames = [service, `${service}.cluster.local`];
  const { authority, changes } = await rotate(await readAuthority(folder), { now: new Date(), name, dnsNames, renew });
  if (changes.length > 0) await writeAuthority(folder, authority);
  logger.info(
    { event: 'certificates', folder: resolve(folder), changes: changes.join(' ') },
    changes.length === 0 ? 'Nothing was due.' : 'Write the manifests again, and apply them.',
  );
}

async function writeManifests(options: ManifestsOptions, logger: EnclosLogger): Promise<void> {
  const {
    folder,
    certificates,
    apiServerAgent,
    monitoringNamespace,
    secret,
    certManager,
    monitoring,
    clientCa,
    ...rest
  } = options;
  const trust = certificates === undefined ? undefined : await readTrust(certificates);
  const files = webhookFiles({
    ...rest,
    secretName: secret ?? rest.name,
    hasCertManager: certManager,
    hasMonitoring: monitoring,
    ...(trust === undefined ? {} : { caBundle: trust.bundle }),
    // The Secret of another name has another maker.
    ...(trust === undefined || secret !== undefined ? {} : { keyPair: trust }),
    ...(clientCa === undefined ? {} : { clientCa: await readClientCa(clientCa) }),
    ...(apiServerAgent === undefined ? {} : { apiServerAgent }),
    ...(monitoringNamespace === undefined ? {} : { monitoringNamespace }),
  });
  await writeManifestFiles(folder, files);
  logger.info(
    { event: 'manifests', folder: resolve(folder), files: files.length, withCertificate: trust !== undefined },
    'The manifests are written.',
  );
}

/** @throws ADMISSION_CERTIFICATE_REFUSED */
async function readClientCa(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    throw new EnclosError('ADMISSION_CERTIFICATE_REFUSED', `--client-ca: ${file} cannot be read.`, { cause });
  });
}

/** @throws ADMISSION_AUTHORITY_REFUSED; ADMISSION_CERTIFICATE_REFUSED for what a run that was cut off left */
async function readTrust(folder: string): Promise<{ bundle: string; cert: string; key: string }> {
  const { current, serving, ...rest } = await readAuthority(folder);
  if (current === undefined || serving === undefined) {
    throw new EnclosError(
      'ADMISSION_AUTHORITY_REFUSED',
      'The folder has no certificate yet: make it with `enclos-admission certificates`.',
    );
  }
  const { cert, key } = servingCertificate(serving);
  return { bundle: bundleOf({ current, serving, ...rest }), cert, key };
}
