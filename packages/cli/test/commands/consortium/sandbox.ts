import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { startHere, type CliHere } from '../../running-cli.ts';

export interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** One request with the certificates of the sandbox. */
export function ask(
  url: string,
  folder: string,
  path: string,
  options: RequestOptions & { body?: string | Buffer } = {},
): Promise<Answer> {
  const file = (name: string): Buffer => readFileSync(join(folder, 'sandbox_common', name));
  const { body = '', ...rest } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      `${url}${path}`,
      {
        ca: file('service_cert.pem'),
        cert: file('user0_cert.pem'),
        key: file('user0_privk.pem'),
        agent: false,
        ...rest,
      },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (more: string) => (text += more));
        incoming.on('end', () => resolve({ status: incoming.statusCode, headers: incoming.headers, text }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Starts `enclos consortium dev` on a free port. */
export async function startSandbox(
  app: string,
  ...more: readonly string[]
): Promise<{ readonly cli: CliHere; readonly url: string }> {
  const cli = startHere(['consortium', 'dev', app, '--listen', '127.0.0.1:0', ...more], {});
  const [, url = ''] = await cli.until(/listens at (https:\/\/127\.0\.0\.1:\d+)\n/);
  return { cli, url };
}

export async function endSandbox(cli: CliHere): Promise<void> {
  cli.stop();
  assert.equal((await cli.ended).code, 0);
}

/** Sends text over TLS, and gives all that comes back until the service ends the connection. */
export function exchange(url: string, sent: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => socket.write(sent));
    socket.setEncoding('utf8').on('data', (more: string) => (text += more));
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}
