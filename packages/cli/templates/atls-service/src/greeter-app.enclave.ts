import { createAttestedServer } from '@enclos/atls';
import { defineEnclave, listen, log, quoteReportData } from '@enclos/enclave';
import { serveHttp } from '@enclos/http';
import { webHandlers } from '@enclos/http/web';
import { app } from './greeter-app.edl.ts';

/** The host sees that a client votes, and never for what. */
const votes = new Map<string, number>();
const choices = ['tea', 'coffee'];

/** Answers one request. With a framework, `app.fetch` of Hono for example, this function is all that it replaces. */
async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/result') return Response.json(Object.fromEntries(votes));
  if (pathname !== '/vote') return new Response('There is no such page.\n', { status: 404 });
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } });
  const choice = (await request.text()).trim();
  if (!choices.includes(choice)) return new Response(`Choose ${choices.join(' or ')}.\n`, { status: 400 });
  votes.set(choice, (votes.get(choice) ?? 0) + 1);
  return new Response('counted\n');
}

export const application = defineEnclave(
  app,
  {},
  {
    async start({ host }) {
      // The key is made here and never leaves. Each connection gets evidence about itself.
      const server = await createAttestedServer({
        name: 'enclave.test',
        evidence: async (reportData) => ({
          quote: await quoteReportData(reportData),
          endorsements: await host.endorsements(),
        }),
      });
      // Not awaited: it runs as long as the enclave lives.
      void serveHttp(listen('clients'), {
        ...webHandlers(answer),
        secure: server.secure,
        onError: () => log.error('A request failed.'),
      });
    },
  },
);
