import type { IsolationLayer } from '@enclos/tee';

/** The thread of the inspector has an interpreter state of its own: a code range, and a heap that its limits bound. */
export const inspectorDataBytes = 512n * 1024n * 1024n;

/**
 * What is left of the isolation of an enclave with an inspector. The machine's
 * layers stay as they are: the messages go through a descriptor, so that it
 * needs no socket, no network and no file.
 */
export function inspectedLayers(layers: readonly IsolationLayer[]): readonly IsolationLayer[] {
  return Object.freeze([...layers, inspectorLayer]);
}

/** Always missing where it is listed. */
export const inspectorLayer: IsolationLayer = Object.freeze({
  name: 'inspector',
  active: false,
  detail:
    'A debugger reads and changes everything inside: its descriptor, an inspector (--allow-inspector) and a thread that serves it (--allow-worker) are there. Launch without an inspector to be rid of them.',
});
