import { createAttestedServer, type AcceptedConnection } from '@enclos/atls';
import { defineEnclave, listen, log, quoteReportData } from '@enclos/enclave';
import { attestedTls, maxQuestionBytes, serverName } from './attested-tls.edl.ts';

/** An enclave has 256 connections. Silent clients must not hold them. */
const idleMs = 60_000;

async function answer({ socket }: AcceptedConnection): Promise<void> {
  socket.setTimeout(idleMs, () => socket.destroy());
  let question = '';
  for await (const chunk of socket) {
    question += String(chunk);
    if (question.length > maxQuestionBytes) return void socket.destroy();
  }
  socket.end(`The enclave has read: ${question}`);
}

/** The server has its key and its evidence before its host is told that the enclave has started. */
async function start(): Promise<void> {
  const server = await createAttestedServer({ name: serverName, evidence: quoteReportData });
  // Not awaited: it runs as long as the enclave lives.
  void server.serve(listen('clients'), answer, { onRefused: () => log.debug('a connection was refused') });
}

export const application = defineEnclave(attestedTls, {}, { start });
