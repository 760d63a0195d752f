import { utf8 } from '@enclos/codec';
import { decodeValue, string } from '@enclos/edl';
import {
  ApplicationError,
  createReport,
  defineEnclave,
  embeddedFile,
  environmentVariable,
  identity,
  log,
  openMount,
  quote,
  seal,
  targetInfo,
  trustedFile,
  unseal,
  verifyReport,
  type StartContext,
} from '@enclos/enclave';
import { isEnclosError } from '@enclos/errors';
import { Attribute } from '@enclos/sgx';
import { probe } from './probe.edl.ts';

type Host = StartContext<(typeof probe)['untrusted']>['host'];

/** The host outside any call. */
let host: Host | undefined;

/** Tells the host what the enclave alone sees: the code and the place of a refused value. */
async function tell<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw isEnclosError(error, 'EDL_VALUE_REFUSED') ? new ApplicationError(`${error.code} ${error.message}`) : error;
  }
}

export const application = defineEnclave(
  probe,
  {
    seal: ({ plaintext, ...options }) => seal(plaintext, options),
    unseal: ({ blob, ...options }) => unseal(blob, options),

    async identity() {
      const { mrEnclave, mrSigner, isvProdId, isvSvn, attributes, cpuSvn } = await identity();
      const debug = (attributes.flags & Attribute.DEBUG) !== 0n;
      return { mrEnclave, mrSigner, productId: isvProdId, securityVersion: isvSvn, debug, cpuSvn };
    },
    targetInfo: () => targetInfo(),
    createReport: ({ target, reportData }) => createReport(target, reportData),
    verifyReport: async ({ report, expectedReportData }) => (await verifyReport(report, expectedReportData)).mrEnclave,
    quote: (request) => quote(request),

    embeddedFile: ({ path }) => embeddedFile(path),
    trustedFile: ({ path }) => trustedFile(path),
    readFile: ({ mount, path }) => openMount(mount).readFile(path),
    writeFile: ({ mount, path, content }) => openMount(mount).writeFile(path, content),
    removeFile: ({ mount, path }) => openMount(mount).remove(path),
    list: ({ mount, path }) => openMount(mount).list(path),
    environmentVariable: ({ name }) => environmentVariable(name),

    echo: ({ value }) => value,
    bounded: ({ text, resultBytes }) => (resultBytes === 0 ? text : 'r'.repeat(resultBytes)),
    noteToHost: ({ noteBytes }, context) => tell(context.host.note({ text: 'n'.repeat(noteBytes) })),
    askHost: (_, context) => tell(context.host.answer()),
    async nest({ remaining }, context) {
      if (remaining === 0) return 0;
      return 1 + (await context.host.nest({ remaining: remaining - 1 }));
    },
    hold: ({ id }, context) => context.host.holding({ id }),
    async runUntilAborted({ id }, { signal, ...context }) {
      await context.host.holding({ id });
      const reason: unknown = await new Promise((resolve) => {
        const aborted = (): void => resolve(signal.reason);
        signal.addEventListener('abort', aborted, { once: true });
        if (signal.aborted) aborted();
      });
      await host?.aborted({ id, code: isEnclosError(reason) ? reason.code : 'none' });
    },
    fail({ how, text }) {
      if (how === 'error') throw new Error(text);
      const bare: unknown = text;
      if (how === 'string') throw bare;
      if (how === 'coded-error') throw Object.assign(new RangeError(text), { code: 'HOST_CALL_FAILED', name: text });
      if (how === 'codec-error') decodeValue(string({ maxBytes: 1 }), utf8(text));
      if (how === 'application-error') throw new ApplicationError(text, { cause: new Error('not for the host') });
      void Promise.reject(new Error(text));
      return new Promise(() => undefined);
    },
    logText: ({ text }) => log.warn(text),
    logAt: ({ level, text }) => log[level](() => text),
  },
  {
    async start(context) {
      host = context.host;
      const how = environmentVariable('START');
      if (how === 'error') throw new Error('a secret of start');
      if (how === 'application-error') throw new ApplicationError('The configuration is not usable.');
      if (how === 'note' || how === 'note-and-hang') await context.host.note({ text: 'started' });
      if (how === 'hang' || how === 'note-and-hang') await new Promise(() => undefined);
    },
  },
);
