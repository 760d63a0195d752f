import { ScriptThrow } from '@enclos/script';

import type { HistoricalState, HistoricalView } from '../../context.ts';
import type { Extension } from '../../session/extension.ts';
import type { ScriptSession } from '../../session/session.ts';
import { messageOf, needCount } from '../../session/values.ts';
import { scriptReceipt } from './receipt.ts';

/** All ranges of one request have so many together. */
const mostAskedStates = 10_000;

const prelude = `
const stateObject = (json) => {
  const state = parse(json);
  return { transactionId: state.transactionId, receipt: state.receipt, kv: tables(state.number) };
};
const setHistoricalState = () => {
  const json = host.historicalOwn();
  if (json !== undefined) ccf.historicalState = stateObject(json);
  else delete ccf.historicalState;
};
ccf.historical = {
  getStateRange: function getStateRange(handle, startSeqno, endSeqno, secondsUntilExpiry) {
    count(arguments.length, 4, 4);
    const values = [toInteger(handle), toInteger(startSeqno), toInteger(endSeqno), toInteger(secondsUntilExpiry)];
    if (values[0] < 0 || values[1] < 0 || values[2] < 0 || values[3] < 0) {
      throw new RangeFailure('Invalid handle or seqno or expiry: cannot be negative');
    }
    const found = internally(host.historicalRange, values);
    if (found === undefined) return null;
    const states = [];
    for (let index = 0; index < found; index += 1) states[index] = stateObject(host.historicalState(index));
    return states;
  },
  dropCachedStates: function dropCachedStates(handle) {
    count(arguments.length, 1, 1);
    const number = toInteger(handle);
    if (number < 0) throw new RangeFailure('Invalid handle: cannot be negative');
    return internally(host.historicalDrop, [number]);
  },
};
`;

/** States of the past. */
export const historical: Extension = {
  takesLong: true,
  prelude,
  host: (session) => {
    return {
      historicalOwn: () => {
        const state = session.call.historicalState;
        return state === undefined ? undefined : describe(session, state);
      },
      historicalRange: (handle, start, end, seconds) => {
        const [first, last] = [needCount(start), needCount(end)];
        const found = wrapped('Failed to get state range', () => {
          countStates(session, first, last);
          return pastOf(session)?.stateRange(needCount(handle), first, last, needCount(seconds));
        });
        session.call.range = found ?? [];
        return found === undefined || found.length === 0 ? undefined : found.length;
      },
      historicalState: (index) => {
        const state = session.call.range[Number(index)];
        return state === undefined ? undefined : describe(session, state);
      },
      historicalDrop: (handle) =>
        wrapped('Failed to drop cached states', () => pastOf(session)?.dropCachedStates(needCount(handle))) ?? false,
    };
  },
};

/** The past, for the peer that asks. */
function pastOf({ services, call }: ScriptSession): HistoricalView | undefined {
  const { historical: past } = services;
  return past?.forPeer === undefined ? past : past.forPeer(call.peer());
}

/** A request may ask for many ranges, so each is counted before it is looked for. */
function countStates({ call }: ScriptSession, first: number, last: number): void {
  call.askedStates += Math.max(0, last - first) + 1;
  if (call.askedStates <= mostAskedStates) return;
  throw new Error(`A request asks for at most ${mostAskedStates} transactions of the past.`);
}

/** The state gets a number, by which the script's tables of it are found. */
function describe(session: ScriptSession, state: HistoricalState): string {
  const number = session.addState(state);
  const transactionId = `${state.id.view}.${state.id.seqno}`;
  return JSON.stringify({ number, transactionId, receipt: scriptReceipt(state.receipt) });
}

function wrapped<T>(what: string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (error instanceof ScriptThrow) throw error;
    throw new ScriptThrow('Error', `${what}: ${messageOf(error)}`);
  }
}
