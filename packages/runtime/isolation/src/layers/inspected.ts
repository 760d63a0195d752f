import type { IsolationLayer } from '@enclos/tee';

/** The thread of the inspector has its own interpreter state: a code range, and a heap that its limits bound. */
export const inspectorDataBytes = 512n * 1024n * 1024n;

/**
 * The isolation that an enclave with an inspector still has. The machine's layers stay as they are: the messages go through a
 * descriptor, so the inspector needs no socket, network or file.
 */
export function inspectedLayers(layers: readonly IsolationLayer[]): readonly IsolationLayer[] {
  return Object.freeze([...layers, inspectorLayer]);
}

/** A layer that is always missing when it is listed. */
export const inspectorLayer: IsolationLayer = Object.freeze({
  name: 'inspector',
  active: false,
  detail:
    'A debugger reads and changes everything inside: its descriptor, an inspector (--allow-inspector) and a thread that serves it (--allow-worker) are there. Launch without an inspector to be rid of them.',
});
