import { connect as plain, type Socket } from 'node:net';
import { connect as secure } from 'node:tls';
import { underDeadline, untilAborted } from '@enclos/bounded';
import { systemReason } from '@enclos/diagnostics';
import { EnclosError, isEnclosError } from '@enclos/errors';
import { httpGet } from '@enclos/http';
import { decodeText } from './decode.ts';
import { maxCollateralBytes, type CollateralSource } from './source.ts';

/** For the connection, the handshake and the whole answer. */
const timeoutMs = 15_000;

export interface UrlSourceOptions {
  /** http or https; `{root}` stands for the fingerprint of the machine's root. */
  readonly url: string;
  /** PEM: the only authorities that are accepted, in place of those that Node brings. */
  readonly certificateAuthority?: string | undefined;
}

/**
 * One address. Plain HTTP is accepted: collateral is signed, and what comes is checked before it is used. Redirects are not
 * followed, so a server cannot send the agent elsewhere in its network.
 */
export function urlSource({ url, certificateAuthority }: UrlSourceOptions): CollateralSource {
  return Object.freeze({
    name: url,
    pace: 'fetch',
    async read(root: string) {
      const address = new URL(url.replaceAll('{root}', root));
      try {
        return [{ name: address.href, text: await fetchText(address, certificateAuthority) }];
      } catch (cause) {
        if (isEnclosError(cause) && cause.code.startsWith('AGENT_')) throw cause;
        throw new EnclosError('AGENT_COLLATERAL_UNREACHABLE', `${address.href}: ${reasonOf(cause)}.`, { cause });
      }
    },
  });
}

function fetchText(address: URL, certificateAuthority: string | undefined): Promise<string> {
  return underDeadline(timeoutMs, async (signal) => {
    const socket = await connected(address, certificateAuthority, signal);
    const { status, body } = await httpGet(socket, {
      host: address.host,
      path: address.pathname + address.search,
      headers: { accept: 'application/json' },
      timeoutMs,
      maxBytes: maxCollateralBytes,
      signal,
    }).catch((cause: unknown) => {
      if (!isEnclosError(cause, 'HTTP_MESSAGE_REFUSED')) throw cause;
      const message = `${address.href} sent an answer that is not valid, or has more than ${maxCollateralBytes} bytes.`;
      throw new EnclosError('AGENT_COLLATERAL_REFUSED', message, { cause });
    });
    if (status >= 300 && status < 400) {
      throw new EnclosError(
        'AGENT_COLLATERAL_UNREACHABLE',
        `${address.href} answered with a redirect (${status}), which the agent does not follow.`,
      );
    }
    if (status !== 200) {
      throw new EnclosError('AGENT_COLLATERAL_UNREACHABLE', `${address.href} answered with status ${status}.`);
    }
    return decodeText(address.href, body);
  });
}

async function connected(address: URL, ca: string | undefined, signal: AbortSignal): Promise<Socket> {
  const host = address.hostname.replace(/^\[(.*)\]$/, '$1');
  const isSecure = address.protocol === 'https:';
  const port = Number(address.port || (isSecure ? 443 : 80));
  const socket = isSecure
    ? secure({ host, port, servername: host, minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) })
    : plain({ host, port });
  const open = new Promise<void>((resolve, reject) => {
    socket.on('error', reject).once(isSecure ? 'secureConnect' : 'connect', resolve);
  });
  try {
    await untilAborted(signal, open);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** What the system or TLS says, and nothing that the other side wrote. */
function reasonOf(cause: unknown): string {
  if (isEnclosError(cause)) return cause.message.replace(/\.$/, '');
  const code: unknown = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (typeof code === 'string' && /^\w{1,64}$/.test(code)) return systemReason(code) ?? reasons[code] ?? code;
  return cause instanceof Error && cause.message.startsWith('no answer within')
    ? cause.message
    : 'it cannot be reached';
}

const reasons: Readonly<Record<string, string | undefined>> = {
  EAI_AGAIN: 'the name does not resolve at the moment',
  ECONNRESET: 'the connection was reset',
  ETIMEDOUT: 'no answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not issued by an accepted authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not issued by an accepted authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not issued by an accepted authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is not issued by an accepted authority',
};
