import { encodePassageNotice, type PassedFrame, type PassageNotice } from '@enclos/tee/passage';
import '../src/errors.ts';
import type { ConnectionHandle, PassageEvents, Passing } from '@enclos/tee/passing';
import { Arrivals } from '../src/services/arrivals.ts';
import { PassedStreams } from '../src/services/passed-streams.ts';

const notices: readonly PassageNotice[] = [
  { kind: 'grant', listener: 0, count: 2 },
  { kind: 'grant', listener: 2, count: 256 },
  { kind: 'withdraw', listener: 0 },
  { kind: 'accepted-ended', stream: 1, bytesRead: 1n, bytesWritten: 2n },
  { kind: 'accepted-ended', stream: 2, bytesRead: 0n, bytesWritten: 0n },
  { kind: 'connected-ended', stream: 7, bytesRead: 0n, bytesWritten: 0n },
];

export const seeds: readonly Uint8Array[] = [
  ...notices.map(encodePassageNotice),
  Buffer.concat(notices.slice(0, 5).map(encodePassageNotice)),
  Buffer.concat([...notices, ...notices].map(encodePassageNotice)),
];

/** Bytes of a hostile enclave, at a host that holds connections for two of its three listeners. */
export async function fuzz(data: Uint8Array): Promise<void> {
  let events: PassageEvents | undefined;
  const passed: PassedFrame[] = [];
  const passing: Passing = {
    accept: () => undefined,
    open: (_path, given) => {
      events = given;
      return Promise.resolve({
        pass: (_connection, frame) => void passed.push(frame),
        rest: () => undefined,
        wake: () => undefined,
        close: () => undefined,
      });
    },
  };
  let closed = 0;
  const connection: ConnectionHandle = { close: () => void (closed += 1) };
  const arrivals = [0, 1].map(() => new Arrivals({ waiting: () => undefined, dropped: () => undefined }));
  const [first, third] = arrivals;
  const listener = (name: string, of: Arrivals | undefined) => of && { name, arrivals: of };
  const streams = new PassedStreams(passing, undefined, [listener('a', first), undefined, listener('c', third)]);
  const ends: string[] = [];
  await streams.open('');
  streams.start({ violated: ({ message }) => void ends.push(message), lost: () => void ends.push('lost') });
  for (const held of arrivals) for (let i = 0; i < 3; i += 1) held.add(connection);
  // In pieces, whose lengths the bytes say.
  for (let at = 0; at < data.length;) {
    const end = at + 1 + (data[at] ?? 0);
    events?.read(data.subarray(at, end));
    at = end;
  }
  streams.close();
  for (const held of arrivals) held.close();
  if (passed.length + closed !== 6) throw new Error(`${passed.length} were passed and ${closed} closed, of 6`);
  if (new Set(passed.map(({ stream }) => stream)).size !== passed.length) throw new Error('a number was used twice');
  if (ends.length > 1 || /something else/.test(ends[0] ?? '')) throw new Error(`it ended for ${ends.join(' and ')}`);
}
