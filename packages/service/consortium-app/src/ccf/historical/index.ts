import { ScriptThrow } from '@enclos/script';

import type { HistoricalState } from '../../context.ts';
import type { Extension } from '../../session/extension.ts';
import type { ScriptSession } from '../../session/session.ts';
import { messageOf, needCount } from '../../session/values.ts';
import { scriptReceipt } from './receipt.ts';

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
  prelude,
  host: (session) => {
    let range: readonly HistoricalState[] = [];
    return {
      historicalOwn: () => {
        const state = session.call.historicalState;
        return state === undefined ? undefined : describe(session, state);
      },
      historicalRange: (handle, start, end, seconds) => {
        const found = wrapped('Failed to get state range', () =>
          session.services.historical?.stateRange(
            needCount(handle),
            needCount(start),
            needCount(end),
            needCount(seconds),
          ),
        );
        range = found ?? [];
        return range.length === 0 ? undefined : range.length;
      },
      historicalState: (index) => {
        const state = range[Number(index)];
        return state === undefined ? undefined : describe(session, state);
      },
      historicalDrop: (handle) =>
        wrapped('Failed to drop cached states', () =>
          session.services.historical?.dropCachedStates(needCount(handle)),
        ) ?? false,
    };
  },
};

/** The state gets a number, by which the script's tables of it are found. */
function describe(session: ScriptSession, state: HistoricalState): string {
  const number = session.call.states.push(state) - 1;
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
