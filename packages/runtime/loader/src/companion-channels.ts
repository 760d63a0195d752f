import type { Duplex } from 'node:stream';

/**
 * The extra part of the loader of an enclave with companions: it makes streams of the channels that the platform passes, one for each
 * process. Like the other parts it is turned into text. The loader of every other enclave does not contain it.
 */
export function companionChannels(require: NodeJS.Require): (handle: object) => Duplex {
  const { Socket } = require('node:net') as typeof import('node:net');
  const { internalBinding } = require('internal/test/binding') as {
    readonly internalBinding: (name: string) => object;
  };
  const { get, getPrototypeOf } = Reflect;
  // The gate has this class too, so it loses what could connect or open with it: see `stripSockets`.
  const handleClass = get(get(internalBinding('pipe_wrap'), 'Pipe') as object, 'prototype') as object;
  return (handle) => {
    if (getPrototypeOf(handle) !== handleClass) throw new Error('The platform passed something other than a channel.');
    return new Socket({ handle, pauseOnCreate: true, writableHighWaterMark: 262_144 } as object);
  };
}
