import { isEnclosError } from '@enclos/errors';
import { ScriptThrow } from '@enclos/script';

import type { Extension } from '../../session/extension.ts';
import { needBytes, needText } from '../../session/values.ts';
import { KvHandles } from './handles.ts';
import { KvIterations } from './iterations.ts';
import { kvPrelude } from './prelude.ts';

/** The tables of the transaction, and those of states of the past. */
export const kv: Extension = {
  prelude: kvPrelude,
  host: (session) => {
    const handles = new KvHandles(session);
    const iterations = new KvIterations();
    return {
      kvOpen: (state, name) => within(() => handles.open(Number(state), needText(name))),
      kvHas: (handle, key) => handles.use(Number(handle), 'has').has(needBytes(key)),
      kvGet: (handle, key) => handles.use(Number(handle), 'get').get(needBytes(key), session.checkTime),
      kvVersion: (handle, key) =>
        handles.use(Number(handle), 'getVersionOfPreviousWrite').versionOfPreviousWrite(needBytes(key)),
      kvSize: (handle) => {
        const { size } = handles.use(Number(handle), 'size');
        session.checkTime();
        return size;
      },
      kvSet: (handle, key, value) => {
        const map = handles.use(Number(handle), 'set');
        within(() => map.set(needBytes(key), needBytes(value), session.checkTime));
      },
      kvDelete: (handle, key) => {
        handles.use(Number(handle), 'delete').delete(needBytes(key));
      },
      kvClear: (handle) => {
        handles.use(Number(handle), 'clear').clear(session.checkTime);
      },
      kvEach: (handle) => iterations.begin(session.call, handles.use(Number(handle), 'forEach'), session.checkTime),
      kvEachNext: (iteration) => iterations.next(session.call, Number(iteration)),
      kvEachEnd: (iteration) => {
        iterations.end(session.call, Number(iteration));
      },
    };
  },
};

/** What a store refuses for its size is an error of the script. A conflict is not: it ends the script, which then runs again. */
function within<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    if (isEnclosError(error) && error.kind === 'usage') throw new ScriptThrow('RangeError', error.message);
    throw error;
  }
}
