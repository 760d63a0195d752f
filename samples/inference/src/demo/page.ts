import { once } from 'node:events';
import type { Server } from 'node:http';
import { createPageServer } from '../server/page-server.ts';
import type { Scene } from './scene.ts';

export interface OpenPage {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the page on this machine. Port 0 is any that is free. */
export async function openPage({ trust, between }: Pick<Scene, 'trust' | 'between'>, port: number): Promise<OpenPage> {
  const server = createPageServer({
    rootPem: trust.rootPem,
    policy: JSON.stringify(trust.policy),
    fetch: between.fetch,
    changeNextAnswer: () => between.changeNextAnswer(),
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${portOf(server)}/`, close: async () => close(server) };
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
