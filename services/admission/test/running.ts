import type { EnclosLogger, LogFields } from '@enclos/host';
import { answerReview } from '../src/review/answer.ts';
import { defaultLimits, type Limits } from '../src/server/limits.ts';
import { runServer, type RunningServer, type RunOptions } from '../src/server/run-server.ts';
import { makeTrust, type Trust } from './trust.ts';

export interface Running extends RunningServer {
  readonly trust: Trust;
  /** Everything that was logged, as the line would have it. */
  readonly log: readonly (LogFields & { message: string })[];
  metrics(): Promise<string>;
  ready(): Promise<number>;
}

export interface StartOptions extends Partial<Omit<RunOptions, 'limits'>> {
  readonly limits?: Partial<Limits>;
}

export async function start({ limits, ...more }: StartOptions = {}): Promise<Running> {
  const trust = await makeTrust();
  const log: (LogFields & { message: string })[] = [];
  const put = (fields: LogFields, message: string): void => void log.push({ ...fields, message });
  const logger: EnclosLogger = { error: put, warn: put, info: put, debug: put };
  const running = await runServer({
    files: { readCertificate: () => Promise.resolve(trust.cert), readKey: () => Promise.resolve(trust.key) },
    host: '127.0.0.1',
    port: 0,
    healthPort: 0,
    answer: (body) => answerReview(body),
    drainMs: 0,
    finishMs: 1000,
    reloadMs: 60_000,
    limits: { ...defaultLimits, ...limits },
    logger,
    nowMs: Date.now,
    ...more,
  });
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${running.healthPort}${path}`);
  return {
    ...running,
    trust,
    log,
    metrics: async () => (await get('/metrics')).text(),
    ready: async () => (await get('/readyz')).status,
  };
}
